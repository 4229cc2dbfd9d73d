"""Credentials of services. service_sessions.py signs services in."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.security.ended_sessions import is_refused, refuse_session
from tidings.platform.security.limits import attempted, digest
from tidings.platform.timing.clock import now
from tidings.users.credentials import CHANGE_SECONDS
from tidings.users.errors import ServiceNotFound, TeamNotWanted, UnknownTeamMember
from tidings.users.models import Service
from tidings.users.queries import ids_by_address
from tidings.users.schemas import (
    CreateService,
    ServiceCredentials,
    ServiceView,
    SetServiceTeam,
)
from tidings.users.service_kinds import ServiceKind


def create_service(new: CreateService) -> ServiceCredentials:
    """Create a service's credentials. The secret is long and random, so a plain hash is enough.

    Raises:
        TeamNotWanted: only a service of the kind `team` has a team.
        UnknownTeamMember: an address of the team belongs to no account.
    """
    if new.team and new.kind is not ServiceKind.TEAM:
        raise TeamNotWanted
    secret = secrets.token_urlsafe(32)
    service = Service(
        name=new.name,
        kind=new.kind.value,
        team=_accounts_of(new.team),
        secret_hash=digest(secret),
    ).save(force_insert=True)
    acts.concerns("service", service.id)
    acts.changed({}, {"kind": new.kind, "team": service.team})
    logger.info("service created", service_id=service.id, service_kind=new.kind.value)
    return ServiceCredentials(client_id=service.id, client_secret=secret)


def get_services() -> list[ServiceView]:
    """Return all services, also revoked ones, newest first."""
    return [ServiceView.model_validate(each) for each in Service.objects.order_by("-pk")]


def set_service_team(wanted: SetServiceTeam) -> ServiceView:
    """Replace the accounts that a service of the kind `team` may send to. Safe to repeat.

    Messages that were accepted before are still sent.

    Raises:
        ServiceNotFound: the service does not exist.
        TeamNotWanted: the service has another kind.
        UnknownTeamMember: an address belongs to no account; nothing is changed.
    """
    acts.concerns("service", wanted.client_id)
    before = Service.objects(pk=wanted.client_id).first()
    if before is None:
        raise ServiceNotFound
    if before.kind != ServiceKind.TEAM:
        raise TeamNotWanted
    team = _accounts_of(wanted.team)
    Service.objects(pk=wanted.client_id).update_one(set__team=team)
    acts.changed({"team": list(before.team)}, {"team": team})
    logger.info("team of a service set", service_id=wanted.client_id, accounts=len(team))
    return ServiceView.model_validate(Service.objects.get(pk=wanted.client_id))


def revoke_service(service_id: str, at: datetime | None = None) -> ServiceView:
    """Revoke a service's credentials and tokens. Safe to repeat.

    Raises:
        ServiceNotFound: the service does not exist.
        redis.RedisError: Redis is unavailable; no new tokens are issued, old ones work until they
            expire.
    """
    acts.concerns("service", service_id)
    if Service.objects(pk=service_id).only("id").first() is None:
        raise ServiceNotFound
    _refuse_first(service_id)
    Service.objects(pk=service_id, revoked_at=None).update_one(set__revoked_at=at or now())
    service = Service.objects.get(pk=service_id)
    refuse_session(service.id)
    acts.changed({"revoked": False}, {"revoked": True})
    logger.info("service revoked", service_id=service.id)
    return ServiceView.model_validate(service)


def _refuse_first(service_id: str) -> None:
    """Refuse a service before it is revoked, in case the process dies right after."""
    with attempted("refusing a service before it is revoked"):
        if not is_refused(service_id):
            refuse_session(service_id, CHANGE_SECONDS)


def _accounts_of(addresses: Sequence[str]) -> list[str]:
    """Return the ids of the accounts with these addresses, in their order."""
    wanted = list(dict.fromkeys(addresses))
    found = ids_by_address(wanted)
    for position, each in enumerate(wanted):
        if each not in found:
            raise UnknownTeamMember(position)
    return [found[each] for each in wanted]
