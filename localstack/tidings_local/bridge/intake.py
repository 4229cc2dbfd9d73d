"""Convert messages to records of an event; a message that cannot be one becomes a dead letter."""

import logging
import time
from typing import cast

from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties

from tidings_local.bridge.batching import Delivery, Pending
from tidings_local.bridge.event import UnencodableMessageError, encode_record
from tidings_local.bridge.report import MappingReport

logger = logging.getLogger(__name__)


class Intake:
    def __init__(self, pending: Pending, report: MappingReport) -> None:
        self._pending = pending
        self._report = report

    def on_message(
        self,
        channel: BlockingChannel,
        method: Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        self._report.counts("delivered")
        tag = cast(int, method.delivery_tag)  # every delivery has one
        try:
            record = self._record(method, properties, body)
        except UnencodableMessageError as error:
            channel.basic_reject(tag, requeue=False)
            self._tell_rejected(properties, body, str(error))
            return
        self._pending.add(Delivery(tag, record, time.monotonic(), properties.correlation_id))

    def _record(self, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> bytes:
        record = encode_record(properties, method.redelivered, body)
        if not self._pending.fits(record):
            raise UnencodableMessageError("larger than an invocation can carry")
        return record

    def _tell_rejected(self, properties: BasicProperties, body: bytes, why: str) -> None:
        self._report.counts("rejected")
        self._report.fails(f"message rejected: {why}")
        fields = {
            "reason": why,
            "body_bytes": len(body),
            "message_id": properties.message_id,
            "correlation_ids": [properties.correlation_id] if properties.correlation_id else [],
        }
        logger.error("message sent to dead letters", extra=self._report.fields() | fields)
