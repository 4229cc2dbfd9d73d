"""Forgetting a person: the tasks that are theirs, and what others have them do."""

from tidings.platform.logging import logger
from tidings.tasks.models import Task


def forget(user_id: str) -> None:
    """Delete a person's tasks, with the words in them; others' tasks are nobody's to do now.

    Nothing is announced: what it would say was written by who is gone.
    """
    erased = Task.objects(owner_id=user_id).delete()
    freed = Task.objects(assignee_id=user_id).update(unset__assignee_id=True, inc__version=1)
    logger.info("tasks forgotten", user_id=user_id, tasks=erased, unassigned=freed)
