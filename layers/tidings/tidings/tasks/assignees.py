"""Check which assignees a caller may choose for a task."""

from collections.abc import Iterable

from tidings.platform.security.auth import Principal, Role
from tidings.tasks.errors import AssigningNotAllowed, UnknownAssignee
from tidings.users.queries import known_user_ids


def check_assignee(
    assignee_id: str | None, *, caller: Principal, known: frozenset[str] | None = None
) -> None:
    """Allow no assignee and the caller; operators may assign any user, of `known` if it is given.

    Raises:
        AssigningNotAllowed: a customer assigns another user.
        UnknownAssignee: the user does not exist.
    """
    if assignee_id is None or assignee_id == caller.user_id:
        return
    if not caller.role.includes(Role.OPERATOR):
        raise AssigningNotAllowed
    if assignee_id not in (known_user_ids([assignee_id]) if known is None else known):
        raise UnknownAssignee


def known_assignees(assignee_ids: Iterable[str | None], *, caller: Principal) -> frozenset[str]:
    """Return those ids that are users, for `check_assignee` of many tasks in one round trip."""
    asked = {each for each in assignee_ids if each and each != caller.user_id}
    if not asked or not caller.role.includes(Role.OPERATOR):
        return frozenset()
    return known_user_ids(asked)
