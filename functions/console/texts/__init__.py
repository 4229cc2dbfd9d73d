"""The texts of the console in each language."""
