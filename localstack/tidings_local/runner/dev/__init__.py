"""The runner's part of `make dev`: code of the working tree, and reports of all calls."""
