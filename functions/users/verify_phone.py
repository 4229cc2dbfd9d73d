"""POST /api/v1/users/{user_id}/phone/verify: verify the phone number with the code."""

from tidings.platform.entry.rest import rest
from tidings.users.phone_verification import verify_phone

handler = rest(verify_phone)
