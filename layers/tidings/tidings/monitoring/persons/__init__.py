"""Find a person, and tell why messages reach the person or not."""
