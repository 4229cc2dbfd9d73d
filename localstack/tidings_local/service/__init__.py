"""What the stack's own services share: the form of their logs and of their settings."""
