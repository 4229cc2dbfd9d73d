"""Notifications: what people are told, and where they find it."""
