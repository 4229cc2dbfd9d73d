"""Send the messages about the end of an asynchronous call to their destinations."""

import logging
from http import HTTPStatus
from typing import Any

from localstack.http import Request, Response
from localstack.services.lambda_.invocation.event_manager import LegacyInvocationException
from localstack.utils.aws import dead_letter_queue
from localstack.utils.aws.message_forwarding import send_event_to_target

logger = logging.getLogger(__name__)


def send_messages(request: Request) -> Response:
    """Send the messages of an event; answer 502 if one of them could not be sent."""
    form = request.get_json(force=True)
    for message in form["messages"]:
        try:
            _send(form["function"], form["role"], message)
        except Exception as error:  # noqa: BLE001 (LocalStack's services raise anything)
            logger.warning("a message of %s was not sent: %s", form["function"], error)
            return Response(repr(error), status=HTTPStatus.BAD_GATEWAY)
    return Response(status=HTTPStatus.NO_CONTENT)


def _send(function: str, role: str | None, message: dict[str, Any]) -> None:
    if queue := message.get("dead_letters"):
        error = LegacyInvocationException("", result=message["error"] or "{}")
        dead_letter_queue._send_to_dead_letter_queue(function, queue, message["body"], error, role)
        return
    send_event_to_target(
        target_arn=message["target"],
        event=message["body"],
        role=role,
        source_arn=function.rpartition(":")[0],
        source_service="lambda",
        events_source="lambda",
        events_detail_type=message["detail_type"],
    )
