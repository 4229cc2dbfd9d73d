"""Templates: the texts of all messages, in versions and languages."""
