"""Accounts: registration, sign-in, sessions, contact points and preferences."""
