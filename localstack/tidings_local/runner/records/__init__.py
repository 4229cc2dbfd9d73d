"""The records of calls, written beside them: CloudWatch's logs and metrics."""
