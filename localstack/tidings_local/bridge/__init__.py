"""The bridge replaces Amazon MQ's event source mappings: it invokes functions with messages."""
