"""Build a push message for APNs and FCM, each within the limit of 4096 bytes."""

import json
from collections.abc import Callable
from typing import Any, Final

from tidings.delivery.errors import PermanentFailure
from tidings.delivery.outgoing import OutgoingMessage
from tidings.platform.text.cuts import cut, cut_to_fit

MAX_BYTES: Final = 4096
MAX_TITLE_CHARACTERS: Final = 200

Form = Callable[[str], dict[str, Any]]


def payload(message: OutgoingMessage) -> str:
    """Return the JSON that SNS accepts as `MessageStructure=json`.

    A repetition replaces the first message on the device, because both have the notification's id.

    Raises:
        PermanentFailure: `payload_too_large`: the data alone is larger than the limit.
    """
    title = cut(message.rendered.title, MAX_TITLE_CHARACTERS)

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
    """Return the message for one platform, with as much of the body as fits."""

    def fits(part: str) -> bool:
        return _size(_json(form(part))) <= MAX_BYTES

    made = cut_to_fit(body, fits)
    if not fits(made):
        raise PermanentFailure("payload_too_large", "the data leaves no room for text")
    return _json(form(made))


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
