"""Delivery: one message on its way to a provider, and what comes back."""
