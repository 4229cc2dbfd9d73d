"""POST /api/v1/verify-email: verify the account's address with the code."""

from tidings.platform.entry.rest import rest
from tidings.users.registration import verify_email

handler = rest(verify_email)
