"""The common parts of the stack's own services: logs and settings."""
