"""Tidings: the shop's domains and the platform they stand on."""
