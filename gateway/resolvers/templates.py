"""Templates."""

from typing import Final

from pydantic import BaseModel

from tidings.templates.schemas import GetTemplate

ARGUMENTS: Final[dict[str, type[BaseModel]]] = {"getTemplate": GetTemplate}
