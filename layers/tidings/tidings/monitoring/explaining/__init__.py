"""Explain an order or a notification: its steps and decisions, from what is stored."""
