"""Waiting until nothing is under way any more."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from tests.e2e.aws import invoke, rule_event
from tests.faults import broker, ledger
from tests.faults.ledger import Ledger
from tests.waiting import eventually

# The relay of the outboxes runs each minute, a hung call may have to time out before, and a mail
# whose process died waits for the end of its lease (150 s) before it is called unknown.
RECOVERY_SECONDS: Final = 400
RELAY_EVERY_SECONDS: Final = 5.0


def wait_until_settled(
    ledgers: Sequence[Ledger], waiting_before: int = 0, *, relay_often: bool = False
) -> None:
    """Wait until every effect is there, every queue is drained and every outbox is empty.

    What other tests left in the retry queues is `waiting_before`. With `relay_often` the rule that
    relays the outboxes each minute is fired more often: who is in a hurry does not wait for it.

    What is still missing then is counted as lost, not waited for.
    """
    relayed = time.monotonic()

    def settled() -> bool:
        nonlocal relayed
        if relay_often and time.monotonic() - relayed > RELAY_EVERY_SECONDS:
            with suppress(AssertionError):  # the next one, or the rule's own, may succeed
                invoke("tidings-relay-outbox", rule_event())
            relayed = time.monotonic()
        # The cheap looks first: what reads all collections would slow down what is waited for.
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
