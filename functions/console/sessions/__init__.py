"""Who is signed in to the console: cookies, renewal, the end after idleness."""
