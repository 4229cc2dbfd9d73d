"""POST /api/v1/password/reset: set a new password with the code."""

from tidings.platform.entry.rest import rest
from tidings.users.password_reset import reset_password

handler = rest(reset_password, reads_token=False)
