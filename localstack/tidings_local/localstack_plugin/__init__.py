"""What LocalStack loads: its Lambda service on the process host, and Amazon MQ mappings."""
