"""Tokens, keys, signatures, rate limits, and the Redis that never evicts."""
