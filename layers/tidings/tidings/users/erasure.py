"""Erase what refers to a deleted account."""

from tidings.users.models import PushToken, Service


def forget(user_id: str) -> None:
    """Delete a person's devices, and remove the person from the teams of services.

    It is safe to repeat.
    """
    PushToken.objects(user_id=user_id).delete()
    Service.objects(team=user_id).update(pull__team=user_id)
