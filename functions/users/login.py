"""POST /api/v1/login: sign in."""

from tidings.platform.entry.rest import rest
from tidings.users.sessions import login

handler = rest(login, reads_token=False, message="You are signed in.")
