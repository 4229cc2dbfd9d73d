"""Connections to MongoDB and Redis, and pages of lists."""
