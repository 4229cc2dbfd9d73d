"""POST /api/v1/logout: end this session, or all sessions of the caller."""

from tidings.platform.entry.rest import rest
from tidings.users.signing_out import logout

handler = rest(logout)
