"""Do the same work for an address without an account, so that the response time reveals nothing.

A decoy is an id without an account. Codes are created for it. Its events are stored and published
like those of accounts. Consumers find no such person and send nothing.
"""

from typing import Final

from tidings.platform.messaging import outbox
from tidings.platform.messaging.events import Event
from tidings.platform.security.signatures import blind_index
from tidings.users.models import CodeRequest

ID_LENGTH: Final = 24
# Limits the number of documents, because anyone can create decoys.
BUCKET_LENGTH: Final = 2


def decoy_of(email: str) -> str:
    """Return the decoy id of an address without an account."""
    return blind_index("decoy", email)[:ID_LENGTH]


def announce(event: Event) -> None:
    """Store and publish an event with a code for an account or a decoy.

    It is not stored in the account's document, because updating that takes longer.
    """
    bucket = event.subject[-BUCKET_LENGTH:]
    outbox.change(CodeRequest.objects(pk=bucket), event, upsert=True)
