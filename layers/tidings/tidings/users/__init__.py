"""Accounts: who the shop knows, and how they prove it."""
