"""The session of a person in the console: cookies, renewal, the end after idleness."""
