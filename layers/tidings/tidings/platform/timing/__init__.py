"""The clock, times and time zones."""
