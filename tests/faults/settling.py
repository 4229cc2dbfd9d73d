"""Wait until all work in progress has ended."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from tests.e2e.aws import invoke, rule_event
from tests.faults import broker, ledger
from tests.faults.ledger import Ledger
from tests.waiting import eventually

# The relay runs each minute, a hung call may first have to time out, and a mail whose process died
# waits for the end of its claim (150 s) before its status is unknown.
RECOVERY_SECONDS: Final = 400
RELAY_EVERY_SECONDS: Final = 5.0


def wait_until_settled(
    ledgers: Sequence[Ledger], waiting_before: int = 0, *, relay_often: bool = False
) -> None:
    """Wait until every effect exists, and every queue and outbox is empty.

    `waiting_before` is the number of messages that other tests left in the retry queues. With
    `relay_often`, the rule that relays the outboxes is fired more often than each minute.

    Effects that are missing after the limit count as lost.
    """
    relayed = time.monotonic()

    def settled() -> bool:
        nonlocal relayed
        if relay_often and time.monotonic() - relayed > RELAY_EVERY_SECONDS:
            with suppress(AssertionError):  # the next call, or the rule's own, may succeed
                invoke("tidings-relay-outbox", rule_event())
            relayed = time.monotonic()
        # Cheap checks first: reading all collections would slow down the remaining work.
        return (
            broker.waiting() <= waiting_before
            and not any(each.waiting(client) for each in ledgers)
            and ledger.outboxes(client) == 0
        )

    with ledger.mongo() as client:
        try:
            eventually(settled, seconds=RECOVERY_SECONDS)
        except AssertionError:
            sys.stdout.write("not settled: the ledger says what is missing\n")
