"""The plugin that LocalStack loads: Lambda on the runner, and Amazon MQ mappings."""
