"""Credentials of services. service_sessions.py signs services in."""

import secrets
from datetime import datetime

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.security.ended_sessions import is_refused, refuse_session
from tidings.platform.security.limits import attempted, digest
from tidings.platform.timing.clock import now
from tidings.users.credentials import CHANGE_SECONDS
from tidings.users.errors import ServiceNotFound
from tidings.users.models import Service
from tidings.users.schemas import (
    CreateService,
    ServiceCredentials,
    ServiceView,
)


def create_service(new: CreateService) -> ServiceCredentials:
    """Create a service's credentials. The secret is long and random, so a plain hash is enough."""
    secret = secrets.token_urlsafe(32)
    service = Service(name=new.name, secret_hash=digest(secret)).save(force_insert=True)
    acts.concerns("service", service.id)
    logger.info("service created", service_id=service.id)
    return ServiceCredentials(client_id=service.id, client_secret=secret)


def get_services() -> list[ServiceView]:
    """Return all services, also revoked ones, newest first."""
    return [ServiceView.model_validate(each) for each in Service.objects.order_by("-pk")]


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
