"""The one table of how long data is kept: `table.ROWS` has all rows (docs/retention.md shows them).

TTL indexes, Redis's expiry times and the job `enforce_retention` take their periods from here.
"""
