"""What `make dev` needs of the runner: code from the working tree, and sight of every call."""
