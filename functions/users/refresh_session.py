"""POST /api/v1/refresh: new tokens for a refresh token, which works once."""

from tidings.platform.entry.rest import rest
from tidings.users.sessions import refresh_session

handler = rest(refresh_session, reads_token=False, message="You are still signed in.")
