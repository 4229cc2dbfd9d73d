"""The overview for operators: what happens now, and in the last hour."""
