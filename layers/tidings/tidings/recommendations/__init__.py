"""Recommendations: people's purchases and views, and the lists computed from them."""
