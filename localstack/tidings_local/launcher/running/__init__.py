"""Run the services of a stack."""
