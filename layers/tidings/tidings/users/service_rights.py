"""The recipients that a caller of the send API may reach, by the kind of its credentials."""

from dataclasses import dataclass
from typing import Final

from tidings.platform.security.auth import Principal, Role
from tidings.users.models import Service
from tidings.users.service_kinds import ServiceKind
from tidings.users.simulated import PERSONS


@dataclass(frozen=True)
class SendingRights:
    """The kind of a caller, and for the kind `team` the accounts that it may send to."""

    kind: ServiceKind
    team: frozenset[str] = frozenset()
    # The service, if it has a callback, which gets the statuses of its messages.
    callback_to: str | None = None

    def reaches(self, user_id: str) -> bool:
        """Say whether a message to this person is accepted. Simulated persons are open to all."""
        return self.kind is not ServiceKind.TEAM or user_id in self.team or user_id in PERSONS


EVERYONE: Final = SendingRights(ServiceKind.LIVE)


def rights_of(caller: Principal) -> SendingRights:
    """Return the rights of a service as they are now; those of an operator are `live`."""
    if caller.role is not Role.SERVICE:
        return EVERYONE
    found = Service.objects(pk=caller.user_id).only("kind", "team", "callback_url").first()
    if found is None:
        return EVERYONE
    return SendingRights(
        ServiceKind(found.kind),
        frozenset(found.team),
        caller.user_id if found.callback_url else None,
    )
