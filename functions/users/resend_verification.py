"""POST /api/v1/verify-email/resend: send another code that verifies the address."""

from tidings.platform.entry.rest import rest
from tidings.users.registration import resend_verification

handler = rest(resend_verification, reads_token=False)
