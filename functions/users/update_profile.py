"""PATCH /api/v1/users/{user_id}: change a profile; `me` stands for the caller."""

from tidings.platform.entry.rest import rest
from tidings.users.operations import update_profile

handler = rest(update_profile)
