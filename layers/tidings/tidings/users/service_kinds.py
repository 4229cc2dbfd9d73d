"""The kinds of a service's credentials."""

from enum import StrEnum


class ServiceKind(StrEnum):
    """What the messages of a service do; it never changes.

    `live` sends to everyone. `team` sends to the accounts of its list and to simulated persons.
    `test` sends nothing: its messages are accepted and have a status, and never leave.
    """

    LIVE = "live"
    TEAM = "team"
    TEST = "test"
