"""Fields of an edit: those that are left out do not change."""

from typing import Any

from pydantic import Field


def left_as_it_is() -> Any:
    """Return the default of a field that may be left out but not be null."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
