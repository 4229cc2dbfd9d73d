"""Resolvers by domain: each turns arguments into one domain operation."""

from types import ModuleType
from typing import Any, Final

from resolvers import (
    campaigns,
    delivery,
    notifications,
    operations,
    orders,
    products,
    recommendations,
    tasks,
    templates,
    users,
)
from resolvers.binding import Resolver

DOMAINS: Final[tuple[ModuleType, ...]] = (
    users,
    products,
    orders,
    tasks,
    recommendations,
    templates,
    delivery,
    notifications,
    campaigns,
    operations,
)


def _merged(table: str) -> dict[str, Any]:
    return {name: value for domain in DOMAINS for name, value in getattr(domain, table, {}).items()}


# A test compares them with schema.graphql.
QUERIES: Final[dict[str, Resolver]] = _merged("QUERIES")
MUTATIONS: Final[dict[str, Resolver]] = _merged("MUTATIONS")
NESTED: Final[dict[str, dict[str, Resolver]]] = _merged("NESTED")
