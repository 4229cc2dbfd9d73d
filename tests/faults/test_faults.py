"""Every fault under load: each accepted request has its effect exactly once, and queues empty."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.crowd import begin_campaign, crowd_of
from tests.e2e.shop import Shop
from tests.faults import broker, ledger, report
from tests.faults.faults import HANG_SECONDS, SHORT_HANG_SECONDS, Fault, faults
from tests.faults.ledger import CampaignLedger, Ledger, MailLedger, OrderLedger
from tests.faults.load import Book, Orders, Sends, Traffic, Writer
from tests.faults.mail import mail_sink
from tests.faults.report import Row
from tests.faults.settling import wait_until_settled
from tests.faults.stack import left_over, memory_mb
from tests.settings import run_options
from tests.smtp_server import Sink
from tests.waiting import eventually

CLIENTS = 4
SENDERS = 2


@dataclass(frozen=True)
class Load:
    """The requests of each client, the pieces in stock, and the people of a campaign."""

    requests: int
    pieces: int
    people: int
    # More often than each minute: otherwise half of the test would wait for the rule.
    relay_often: bool = False


IN_EVERY_TEST: Final = Load(requests=15, pieces=40, people=200, relay_often=True)
WHOLE: Final = Load(requests=60, pieces=150, people=1_200)
CASES: Final = [
    *(
        pytest.param(each, IN_EVERY_TEST, id=each.name)
        for each in faults(SHORT_HANG_SECONDS)
        if each.in_every_test
    ),
    *(
        pytest.param(each, WHOLE, id=f"{each.name}, whole load", marks=pytest.mark.faults)
        for each in faults(HANG_SECONDS)
    ),
]


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    """Collect the table's rows, which are saved after each fault and printed at the end."""
    found: list[Row] = []
    yield found
    sys.stdout.write(f"\n{report.table(found)}\n")


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink | None]:
    """Run the mail server of the stack's setting; `make test` sets none."""
    if run_options().smtp_url is None:
        yield None
        return
    with mail_sink() as found:
        yield found


@pytest.mark.parametrize(("fault", "load"), CASES)
def test_nothing_is_lost_or_done_twice(
    fault: Fault, load: Load, shop: Shop, admin: Shop, sink: Sink | None, rows: list[Row]
) -> None:
    waiting_before = broker.waiting()
    writers, ledgers = _shop_at_work(shop, admin, sink, load.pieces)
    # Their welcome mails would wait for the end of their claims if the process died.
    eventually(lambda: broker.waiting() <= waiting_before, what="greeted customers", seconds=60)
    before, dead_before = memory_mb(), _dead_letters()
    traffic = Traffic(writers, requests=load.requests)

    fault.prepare()
    with crowd_of(load.people) as crowd:
        ledgers.append(CampaignLedger(crowd, begin_campaign(admin, crowd)))
        traffic.start()
        assert traffic.under_way.wait(120)
        fault.inflict()
        fault.mend()
        mended = time.monotonic()
        traffic.finish()
        wait_until_settled(ledgers, waiting_before, relay_often=load.relay_often)
        recovered = time.monotonic() - mended

        with ledger.mongo() as client:
            accounts = [
                each.account(client, traffic.books.get(each.kind, Book())) for each in ledgers
            ]
    rows += [Row(fault.name, each, recovered, before, memory_mb()) for each in accounts]
    report.write(rows)
    for account in accounts:
        assert (account.lost, account.duplicates) == (0, 0), account.notes
        assert account.given_up == 0, account.notes
        assert account.effects == account.accepted > 0
    # Rules that run each minute send a message now and then.
    eventually(lambda: broker.waiting() <= waiting_before, what="drained queues", seconds=60)
    # Only new messages count, because the erasure of an earlier test may remove older ones.
    # RabbitMQ reports the depths of its queues some seconds late.
    eventually(lambda: len(_dead_letters() - dead_before) >= fault.dead_letters, what="failures")
    assert len(_dead_letters() - dead_before) == fault.dead_letters
    eventually(lambda: not left_over(), what="the end of processes that nobody looks after")


def _dead_letters() -> set[str]:
    unreadable = {f"unreadable {number}" for number in range(broker.unreadable())}
    with ledger.mongo() as client:
        return ledger.failed_messages(client) | unreadable


def _shop_at_work(
    shop: Shop, admin: Shop, sink: Sink | None, pieces: int
) -> tuple[list[Writer], list[Ledger]]:
    """Return customers who order, and an operator who sends each of them mails."""
    product_id = admin.create_product(stock=pieces)
    customers = [shop.register() for _ in range(CLIENTS)]
    ids = tuple(str(each.user_id) for each in customers)
    writers: list[Writer] = [Orders(each, product_id) for each in customers]
    ledgers: list[Ledger] = [OrderLedger(ids, product_id, pieces)]
    if sink is not None:  # otherwise they get no mails to count
        ledger.verify(ids)
        writers += [Sends(admin, each) for each in ids[:SENDERS]]
        ledgers.append(MailLedger(ids, sink))
    return writers, ledgers
