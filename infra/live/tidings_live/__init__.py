"""The server of the live inbox: a stream of Server-Sent Events for each open app."""
