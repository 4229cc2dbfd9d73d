"""`make dev`: what is saved runs at the next call, and its logs are in the terminal."""
