"""Bodies of messages: events and commands, or malformed."""

from generate import event_classes

from tests.contract.project import ROOT
from tidings.platform.messaging.events import Malformed, decoded

CLASSES = event_classes()

TAKEN = [path.read_bytes() for path in sorted((ROOT / "events/samples").glob("*.json"))]
REFUSED = [b"", b"{}", b"[" * 5_000, b'{"type": []}', b'{"type": "order.placed"}', b"\xff"]
WORDS = [*CLASSES, '"data":', '"time":', "\\ud800", "null", "1e999", "NaN", "+23:59", "0001-01-01"]


def check(data: bytes) -> bool:
    try:
        event = decoded(data, CLASSES)
    except Malformed as error:
        str(error).encode()  # it is written into the message's history
        return False
    written = event.model_dump_json(exclude_none=True)
    assert type(event).model_validate_json(written) == event
    assert event.routing_key in event.routing_keys()
    return True
