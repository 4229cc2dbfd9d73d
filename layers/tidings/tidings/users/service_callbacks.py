"""The callback of a service: a URL that gets the statuses of its messages, and its signing key."""

import secrets
from dataclasses import dataclass

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.users.contact_points import secret_of
from tidings.users.contacts import webhook_key
from tidings.users.errors import ServiceNotFound
from tidings.users.models import Service
from tidings.users.schemas import ServiceCallback, SetServiceCallback


@dataclass(frozen=True)
class Callback:
    """Where the statuses of a service's messages go, and the key that signs them."""

    url: str
    key: bytes


def callback_of(service_id: str) -> Callback | None:
    """Return the callback of a service; None if it has none or was revoked."""
    found = Service.objects(pk=service_id, revoked_at=None).only("callback_url", "callback_id")
    service = found.first()
    if service is None or not service.callback_url:
        return None
    return Callback(service.callback_url, webhook_key(service.callback_id))


def set_service_callback(wanted: SetServiceCallback) -> ServiceCallback:
    """Set the URL that gets the statuses of a service's messages; without a URL there is none.

    A new URL gets a new secret, which is shown once. The same URL keeps its secret.

    Raises:
        ServiceNotFound: the service does not exist.
    """
    service_id, url = wanted.client_id, wanted.url
    acts.concerns("service", service_id)
    before = Service.objects(pk=service_id).first()
    if before is None:
        raise ServiceNotFound
    is_new = url is not None and url != before.callback_url
    callback_id = secrets.token_hex(12) if is_new else before.callback_id
    # Otherwise a concurrent change could combine one URL with another's secret.
    unchanged = Service.objects(
        pk=service_id, callback_url=before.callback_url, callback_id=before.callback_id
    )
    change = (
        {"set__callback_url": url, "set__callback_id": callback_id}
        if url is not None
        else {"unset__callback_url": True, "unset__callback_id": True}
    )
    if not unchanged.update_one(**change):
        return set_service_callback(wanted)
    acts.changed({"callback": before.callback_url is not None}, {"callback": url is not None})
    logger.info("callback of a service set", service_id=service_id)
    return ServiceCallback(
        client_id=service_id, url=url, secret=secret_of(callback_id) if is_new else None
    )
