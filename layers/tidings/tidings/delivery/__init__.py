"""Delivery: hand one message to a provider, and process the provider's feedback."""
