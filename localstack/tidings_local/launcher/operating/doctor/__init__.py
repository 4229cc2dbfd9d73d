"""`make doctor`: checks of an installation, each with what was found and what to do."""
