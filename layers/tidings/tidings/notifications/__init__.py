"""Notifications: one message to one person, in the inbox and through other channels."""
