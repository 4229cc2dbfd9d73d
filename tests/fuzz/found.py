"""Inputs that once broke a target, with its name, as `make fuzz` prints them."""

from typing import Final

FOUND: Final[tuple[tuple[str, bytes], ...]] = (
    ("cursors", b'due_at|{"value":"0001-01-01T00:00:00+23:59","id":"x"}'),
    ("dead_letters", b'\0[{"function": "inventory", "error": "\\ud800", "at": "now"}]\0{}'),
    (
        "dead_letters",
        b'\0[{"function": "f", "error": "e", "at": "0001-01-01T00:00:00+23:59"}]\0{}',
    ),
    (
        "event_bodies",
        b'{"type": "notification.deliver", "subject": "6b1d5f7a01", "data": '
        b'{"notification_id": "\\ud800", "channel": "email", "priority": "normal"}}',
    ),
)
