"""Campaigns: promotions to many customers at a scheduled time."""
