"""SNS's names of devices, made at their first message and remembered."""

from tidings.delivery.errors import TemporaryFailure
from tidings.delivery.models import PushEndpoint
from tidings.delivery.schemas import Device
from tidings.platform.clock import now
from tidings.platform.providers import sns
from tidings.platform.providers.failures import MISCONFIGURED
from tidings.platform.settings import settings
from tidings.platform.signatures import blind_index
from tidings.users.schemas import PushPlatform


def endpoint_of(device: Device, user_id: str) -> str:
    """Return SNS's name of a device, a new one where it has none.

    Raises:
        TemporaryFailure: SNS cannot make one now, or no application is set for the platform.
        PermanentFailure: `dead_device`: the token is none.
    """
    known = PushEndpoint.objects(pk=_id(device)).first()
    if known is not None and known.user_id == user_id:
        return str(known.arn)
    if known is not None:  # the device is somebody else's from now on
        PushEndpoint.objects(pk=known.pk).update_one(set__user_id=user_id)
        return str(known.arn)
    arn = sns.register_device(_application(device), device.token)
    # Two at once get the same name from SNS.
    PushEndpoint._get_collection().update_one(
        {"_id": _id(device)},
        {"$set": {"arn": arn, "user_id": user_id, "created_at": now()}},
        upsert=True,
    )
    return arn


def forget(device: Device) -> str | None:
    """Forget SNS's name of a device, and return it."""
    known = PushEndpoint.objects(pk=_id(device)).modify(remove=True)
    return None if known is None else str(known.arn)


def _application(device: Device) -> str:
    """Return the platform application: APNs for Apple's devices, FCM for all others."""
    here = settings()
    is_apple = device.platform is PushPlatform.IOS
    application = here.ios_application if is_apple else here.android_application
    if application is None:
        # Not counted against SNS: the other platform works.
        raise TemporaryFailure(MISCONFIGURED, "no application is set", of_provider=False)
    return application


def _id(device: Device) -> str:
    return blind_index("push-endpoint", f"{_application(device)} {device.token}")
