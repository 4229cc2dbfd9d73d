"""POST /api/v1/service-sessions: sign a service in.

Its token is valid for 15 minutes, and only for sending, cancelling and the status of what the
service sent. There is no refresh token: sign in again.
"""

from tidings.platform.entry.rest import rest
from tidings.users.service_sessions import start_service_session

handler = rest(
    start_service_session, status=201, reads_token=False, message="The service is signed in."
)
