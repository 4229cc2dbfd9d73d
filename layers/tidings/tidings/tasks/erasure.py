"""Erase a person's tasks, and unassign other people's tasks."""

from tidings.platform.logging import logger
from tidings.tasks.models import Task


def forget(user_id: str) -> None:
    """Delete a person's tasks with their texts, and unassign tasks of other owners.

    No event is published, because it would contain the texts of the deleted person.
    """
    erased = Task.objects(owner_id=user_id).delete()
    freed = Task.objects(assignee_id=user_id).update(unset__assignee_id=True, inc__version=1)
    logger.info("erasure: tasks deleted", user_id=user_id, tasks=erased, unassigned=freed)
