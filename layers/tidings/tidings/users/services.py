"""Machines that call: their credentials, and how they sign in."""

import secrets
from datetime import datetime
from hmac import compare_digest
from typing import Final

from tidings.platform.auth import ACCESS_TOKEN_SECONDS, Principal, Role, issue_access_token
from tidings.platform.clock import now
from tidings.platform.limits import Limit, digest, refuse_session
from tidings.platform.logging import logger
from tidings.users.errors import ServiceNotFound, WrongServiceCredentials
from tidings.users.models import Service
from tidings.users.schemas import (
    CreateService,
    ServiceCredentials,
    ServiceSession,
    ServiceView,
    StartServiceSession,
)
from tidings.users.throttle import caller_network, service_sign_ins_of_address

# One needs a token every 15 minutes; many environments may share a secret.
SESSIONS_OF_SERVICE: Final = Limit("service-sessions", 120, 60)
# A token may be issued while its service is revoked; it lives no longer than this.
REFUSED_SECONDS: Final = ACCESS_TOKEN_SECONDS + 60


def create_service(new: CreateService) -> ServiceCredentials:
    """Make credentials for a machine. The secret is random and long: a plain hash keeps it."""
    secret = secrets.token_urlsafe(32)
    service = Service(name=new.name, secret_hash=digest(secret)).save(force_insert=True)
    logger.info("service made", service_id=service.id)
    return ServiceCredentials(client_id=service.id, client_secret=secret)


def get_services() -> list[ServiceView]:
    """Return all machines that ever had credentials, newest first."""
    return [ServiceView.model_validate(each) for each in Service.objects.order_by("-pk")]


def revoke_service(service_id: str, at: datetime | None = None) -> ServiceView:
    """Take a machine's credentials away; its tokens die, too. Safe to repeat.

    Raises:
        ServiceNotFound: there is none.
        redis.RedisError: Redis is away; no new tokens are given, old ones live out their time.
    """
    Service.objects(pk=service_id, revoked_at=None).update_one(set__revoked_at=at or now())
    service = Service.objects(pk=service_id).first()
    if service is None:
        raise ServiceNotFound
    refuse_session(service.id, REFUSED_SECONDS)
    logger.info("service revoked", service_id=service.id)
    return ServiceView.model_validate(service)


def start_service_session(
    presented: StartServiceSession, at: datetime | None = None
) -> ServiceSession:
    """Sign a machine in.

    Failures count for the address alone: nobody guesses such a secret, and nobody who knows
    the id of a machine can lock it out.

    Raises:
        WrongServiceCredentials: there is no such machine, the secret is another, or revoked.
        RateLimited: there were too many failures from this address, or sessions of the machine.
        redis.RedisError: Redis is away; nobody is signed in without counting failures.
    """
    by_address, network = service_sign_ins_of_address(), caller_network()
    by_address.check(network)
    service = Service.objects(pk=presented.client_id, revoked_at=None).first()
    expected = service.secret_hash if service else ""
    if not compare_digest(expected, digest(presented.client_secret.get_secret_value())):
        by_address.fail(network)
        raise WrongServiceCredentials
    SESSIONS_OF_SERVICE.take(service.id)
    Service.objects(pk=service.id).update_one(set__last_used_at=at or now())
    logger.info("service signed in", service_id=service.id)
    principal = Principal(user_id=service.id, role=Role.SERVICE, session_id=service.id)
    return ServiceSession(
        access_token=issue_access_token(principal), expires_in=ACCESS_TOKEN_SECONDS
    )
