"""Who may be given a task, by whom."""

from collections.abc import Iterable

from tidings.platform.auth import Principal, Role
from tidings.tasks.errors import AssigningNotAllowed, UnknownAssignee
from tidings.users.queries import known_user_ids


def check_assignee(
    assignee_id: str | None, *, caller: Principal, known: frozenset[str] | None = None
) -> None:
    """Let through nobody and oneself; for operators any user, of those `known` if given.

    Raises:
        AssigningNotAllowed: the caller is a customer.
        UnknownAssignee: there is no such user.
    """
    if assignee_id is None or assignee_id == caller.user_id:
        return
    if not caller.role.includes(Role.OPERATOR):
        raise AssigningNotAllowed
    if assignee_id not in (known_user_ids([assignee_id]) if known is None else known):
        raise UnknownAssignee


def known_assignees(assignee_ids: Iterable[str | None], *, caller: Principal) -> frozenset[str]:
    """Return those that are users, for `check_assignee` of many tasks in one round trip."""
    asked = {each for each in assignee_ids if each and each != caller.user_id}
    if not asked or not caller.role.includes(Role.OPERATOR):
        return frozenset()
    return known_user_ids(asked)
