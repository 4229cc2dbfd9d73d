"""Normalize, shorten and check text."""
