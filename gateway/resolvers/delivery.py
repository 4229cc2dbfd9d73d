"""Suppressions."""

from typing import Final

from pydantic import BaseModel

from tidings.delivery.schemas import LiftSuppression

ARGUMENTS: Final[dict[str, type[BaseModel]]] = {"liftSuppression": LiftSuppression}
