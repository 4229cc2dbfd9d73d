"""Parse what requests and files contain."""
