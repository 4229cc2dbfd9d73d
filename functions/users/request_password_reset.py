"""POST /api/v1/password/forgot: send a code that allows to set a new password."""

from tidings.platform.entry.rest import rest
from tidings.users.password_reset import request_password_reset

handler = rest(request_password_reset, reads_token=False)
