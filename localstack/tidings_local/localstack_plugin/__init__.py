"""What LocalStack loads: its Lambda service on the runner, and Amazon MQ mappings."""
