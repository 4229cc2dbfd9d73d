"""Data in Redis that may be lost."""
