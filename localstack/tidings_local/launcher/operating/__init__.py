"""Commands for operators of a running stack."""
