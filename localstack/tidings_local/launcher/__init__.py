"""The launcher behind `make`: runs the stack, deploys to it, tests it, plays the demo."""
