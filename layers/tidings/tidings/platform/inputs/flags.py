"""Booleans in a query string: only `true` or `false`, as in JSON."""

from typing import Annotated

from pydantic import BeforeValidator, StrictBool


def _read(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Flag = Annotated[StrictBool, BeforeValidator(_read)]
