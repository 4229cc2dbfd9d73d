"""Orders: placing, decisions, states and their events."""
