"""Requests and answers of the console: routes, forms, files, headers."""
