"""The services of a stack: how each is started, and when it is ready."""
