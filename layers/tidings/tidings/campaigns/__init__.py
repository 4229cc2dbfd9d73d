"""Campaigns: what shop owners send to many, and when."""
