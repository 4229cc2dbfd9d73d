"""Tasks: what operators and customers have to do, by when, and who does it."""
