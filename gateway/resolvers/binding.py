"""How fields find their resolvers.

Each domain's module lists its own: QUERIES and MUTATIONS by field, NESTED by type and field
where a field is not an attribute of what the domain returned.
"""

from collections.abc import Callable
from typing import Any

Resolver = Callable[..., Any]
