"""The launcher behind `make`: runs the stack, deploys to it, tests it, tells its story."""
