"""The stack's public address: answers calls of deployed REST APIs, forwards all others."""
