"""SNS endpoints of devices: created at a device's first message, then stored."""

from tidings.delivery.errors import TemporaryFailure
from tidings.delivery.models import PushEndpoint
from tidings.delivery.outgoing import Device
from tidings.platform.providers import sns
from tidings.platform.providers.failures import MISCONFIGURED
from tidings.platform.security.signatures import blind_index
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now
from tidings.users.push_platforms import PushPlatform


def endpoint_of(device: Device, user_id: str) -> str:
    """Return the ARN of a device's SNS endpoint; create the endpoint if there is none.

    Raises:
        TemporaryFailure: SNS cannot create it now, or no application is configured for the
            platform.
        Undeliverable: `dead_device`: the token is not valid.
    """
    known = PushEndpoint.objects(pk=_id(device)).first()
    if known is not None and known.user_id == user_id:
        return str(known.arn)
    if known is not None:  # another user signed in on the device
        PushEndpoint.objects(pk=known.pk).update_one(set__user_id=user_id)
        return str(known.arn)
    arn = sns.register_device(_application(device), device.token)
    # Two concurrent calls get the same ARN from SNS.
    PushEndpoint._get_collection().update_one(
        {"_id": _id(device)},
        {"$set": {"arn": arn, "user_id": user_id, "created_at": now()}},
        upsert=True,
    )
    return arn


def forget(device: Device) -> str | None:
    """Delete the stored ARN of a device, and return it."""
    known = PushEndpoint.objects(pk=_id(device)).modify(remove=True)
    return None if known is None else str(known.arn)


def _application(device: Device) -> str:
    """Return the platform application: APNs for Apple devices, FCM for all others."""
    here = settings()
    is_apple = device.platform is PushPlatform.IOS
    application = here.ios_application if is_apple else here.android_application
    if application is None:
        # This is not a fault of SNS, so it must not open the circuit: the other platform works.
        raise TemporaryFailure(MISCONFIGURED, "no application is set", of_provider=False)
    return application


def _id(device: Device) -> str:
    return blind_index("push-endpoint", f"{_application(device)} {device.token}")
