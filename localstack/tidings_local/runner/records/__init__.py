"""What is written of each call, off its path: CloudWatch's logs and metrics."""
