"""Try templates with the values of real messages; nothing is stored or sent."""
