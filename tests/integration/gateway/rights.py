"""The expected outcome for each caller, from the declarations of the operations."""

from collections.abc import Mapping
from typing import Final

from tidings.platform.errors import NotFound
from tidings.platform.operation import Operation
from tidings.platform.security.auth import Role

OK: Final = "ok"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"
FORBIDDEN: Final = "FORBIDDEN"
NOT_FOUND: Final = "NOT_FOUND"

# The callers: `owner` has the requested data, `other` is another customer.
ROLES: Final[Mapping[str, Role | None]] = {
    "stranger": None,
    "owner": Role.CUSTOMER,
    "other": Role.CUSTOMER,
    "operator": Role.OPERATOR,
    "admin": Role.ADMIN,
    "service": Role.SERVICE,
}
CALLERS: Final = tuple(ROLES)


def outcome(operation: Operation, who: str, *, of_caller: bool = False) -> str:
    """Return OK or the code of the refusal.

    Args:
        operation: the operation.
        who: the caller.
        of_caller: whether every caller calls it for their own data.
    """
    role = ROLES[who]
    if operation.role is None:
        return OK
    if role is None:
        return UNAUTHENTICATED
    if role is Role.SERVICE:
        return OK if operation.services else FORBIDDEN
    if not role.includes(operation.role):
        return FORBIDDEN
    if operation.whose.includes(role, owner=of_caller or who == "owner"):
        return OK
    return NOT_FOUND if issubclass(operation.others, NotFound) else FORBIDDEN
