"""The platform under every domain: settings, database, events, errors, entry-point decorators."""
