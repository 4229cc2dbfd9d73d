"""Templates: the words of every message, in versions and languages."""
