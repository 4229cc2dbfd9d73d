"""POST /api/v1/users/{user_id}/phone/verification: send a code to the phone number."""

from tidings.platform.entry.rest import rest
from tidings.users.phone_verification import request_phone_verification

handler = rest(request_phone_verification)
