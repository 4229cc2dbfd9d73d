"""Forget old uploads: after `retention.UPLOADS`, a key can be used for another file."""

from datetime import datetime

from tidings.platform.logging import logger
from tidings.tasks.models import Task, Upload


def forget_uploads(before: datetime, limit: int) -> int:
    """Forget uploads of before a time, and the keys of their rows; their tasks stay.

    The keys of the rows go first. If the process dies in between, the next call completes it.

    Returns:
        The number of uploads that were found, at most `limit`.
    """
    found = [each.pk for each in Upload.objects(created_at__lt=before).only("id")[:limit]]
    for upload_id in found:
        # An interval of the index, because the keys of rows begin with the upload's id.
        rows = Task.objects(upload_key__gte=f"{upload_id}:", upload_key__lt=f"{upload_id};")
        rows.update(unset__upload_key=True)
    if found:
        Upload.objects(pk__in=found, created_at__lt=before).delete()
        logger.info("retention: uploads forgotten", number=len(found))
    return len(found)
