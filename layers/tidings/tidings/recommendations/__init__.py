"""Recommendations: what people did, and what they may like next."""
