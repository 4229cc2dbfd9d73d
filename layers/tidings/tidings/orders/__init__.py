"""Orders: what customers asked for, and how far each has come."""
