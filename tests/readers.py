"""People for benchmarks that send notifications, in the stack's database; removed at the end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import pymongo

from tidings.delivery.models import Notification
from tidings.platform.timing.clock import now
from tidings.users.models import PushToken, User

# Memory of one command of a benchmark: functions have less, but these are larger.
COMMAND_SECONDS: Final = 120


@contextmanager
def readers(
    count: int, *, with_devices: bool = False, preferences: Mapping[str, Any] | None = None
) -> Iterator[list[str]]:
    """Add people with verified addresses; remove them and their notifications at the end.

    Messages still in a queue then find no notification, and do nothing.
    """
    users = [
        User(
            email=f"reader-{uuid4().hex}@example.com",
            name="Reader",
            password_hash="-",
            role="customer",
            verified_at=now(),
            preferences=preferences or {},
        )
        for _ in range(count)
    ]
    User.objects.insert(users, load_bulk=False)
    ids = [user.id for user in users]
    if with_devices:
        devices = [PushToken(user_id=id, platform="ios", token=id, token_hash=id) for id in ids]
        PushToken.objects.insert(devices, load_bulk=False)
    try:
        yield ids
    finally:
        with pymongo.timeout(COMMAND_SECONDS):
            for each in ids:
                Notification.objects(user_id=each).delete()
            PushToken.objects(user_id__in=ids).delete()
            User.objects(pk__in=ids).delete()
