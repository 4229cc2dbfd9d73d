"""Build the code and deploy it to a stack."""
