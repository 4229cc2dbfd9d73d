"""`make dev`: a saved file runs at the next call, and the terminal shows the logs."""
