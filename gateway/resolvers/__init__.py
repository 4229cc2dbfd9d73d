"""The resolvers that do not follow from operations, by domain; see `binding`."""

from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

from resolvers import (
    campaigns,
    delivery,
    monitoring,
    orders,
    recommendations,
    templates,
    users,
)
from resolvers import declared as declared
from resolvers.binding import Resolver

DOMAINS: Final[tuple[ModuleType, ...]] = (
    users,
    orders,
    recommendations,
    templates,
    delivery,
    campaigns,
    monitoring,
)


def _merged(table: str) -> dict[str, Any]:
    return {name: value for domain in DOMAINS for name, value in getattr(domain, table, {}).items()}


ARGUMENTS: Final[dict[str, type[BaseModel]]] = _merged("ARGUMENTS")
QUERIES: Final[dict[str, Resolver]] = _merged("QUERIES")
MUTATIONS: Final[dict[str, Resolver]] = _merged("MUTATIONS")
NESTED: Final[dict[str, dict[str, Resolver]]] = _merged("NESTED")
