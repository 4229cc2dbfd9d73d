"""A push message in the forms of APNs and FCM, each within its 4096 bytes."""

import json
from collections.abc import Callable
from typing import Any, Final

from tidings.delivery.errors import PermanentFailure
from tidings.delivery.schemas import OutgoingMessage

MAX_BYTES: Final = 4096
MAX_TITLE_CHARACTERS: Final = 200
ELLIPSIS: Final = "…"

Form = Callable[[str], dict[str, Any]]


def payload(message: OutgoingMessage) -> str:
    """Return what SNS takes as `MessageStructure=json`.

    A repetition replaces the first on the device: both platforms tell it by the notification.

    Raises:
        PermanentFailure: `payload_too_large`: there is no room even without the words.
    """
    title = message.rendered.title[:MAX_TITLE_CHARACTERS]

    def apple(body: str) -> dict[str, Any]:
        alert = {"title": title, "body": body}
        return {**message.data, "aps": {"alert": alert, "sound": "default"}}

    def google(body: str) -> dict[str, Any]:
        told = {"title": title, "body": body}
        tag = {"notification": {"tag": message.notification_id}}
        return {
            "fcmV1Message": {
                "message": {"notification": told, "data": message.data, "android": tag}
            }
        }

    apns, fcm = (_fitting(form, message.rendered.body) for form in (apple, google))
    return _json({"default": title, "APNS": apns, "APNS_SANDBOX": apns, "GCM": fcm})


def _fitting(form: Form, body: str) -> str:
    """Return a form with as much of the body as there is room for."""
    whole = _json(form(body))
    if _size(whole) <= MAX_BYTES:
        return whole
    # How many characters fit: what more characters need more bytes for is found by halves.
    low, high = 0, len(body)
    while low < high:
        middle = (low + high + 1) // 2
        if _size(_json(form(body[:middle] + ELLIPSIS))) <= MAX_BYTES:
            low = middle
        else:
            high = middle - 1
    cut = _json(form(body[:low].rstrip() + ELLIPSIS))
    if _size(cut) > MAX_BYTES:
        raise PermanentFailure("payload_too_large", "the data leaves no room for words")
    return cut


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
