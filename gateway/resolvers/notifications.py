"""Resolvers of notifications."""

from executable import path_in_schema

from resolvers.caller import Info
from tidings.notifications.schemas import RefusalDetail


def field(detail: RefusalDetail, _info: Info) -> str:
    """Return the field of a refused message with the name that it has in the schema."""
    return path_in_schema(detail.field)
