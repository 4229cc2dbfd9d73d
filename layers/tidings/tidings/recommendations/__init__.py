"""Recommendations: what people bought and looked at, and what they may like next."""
