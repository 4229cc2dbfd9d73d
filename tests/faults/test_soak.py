"""Work for a long time: every request has its effect once, and memory does not grow."""

import sys
import time

import pytest

from tests.e2e.shop import Shop
from tests.faults import broker, ledger, report
from tests.faults.ledger import Ledger, MailLedger, OrderLedger
from tests.faults.load import Orders, Sends, Traffic, Writer
from tests.faults.mail import mail_sink
from tests.faults.report import Row
from tests.faults.settling import wait_until_settled
from tests.faults.stack import memory_mb
from tests.settings import run_options

pytestmark = pytest.mark.soak

CLIENTS = 3
PAUSE_SECONDS = 0.25
WARM_UP_SHARE = 0.2
# After the warm-up, a leak of a few KB a request would be visible.
GROWTH_LIMIT = 1.15


def test_soak(shop: Shop, admin: Shop) -> None:
    minutes = run_options().soak_minutes
    pieces = 1_000_000
    product_id = admin.create_product(stock=pieces)
    customers = [shop.register() for _ in range(CLIENTS)]
    ids = tuple(str(each.user_id) for each in customers)
    ledger.verify(ids)
    writers: list[Writer] = [Orders(each, product_id) for each in customers]
    writers.append(Sends(admin, ids[0]))

    with mail_sink() as sink:
        traffic = Traffic(writers, seconds=minutes * 60, pause=PAUSE_SECONDS)
        traffic.start()
        time.sleep(minutes * 60 * WARM_UP_SHARE)
        warm = memory_mb()
        traffic.finish()
        ended = time.monotonic()
        ledgers: list[Ledger] = [OrderLedger(ids, product_id, pieces), MailLedger(ids, sink)]
        wait_until_settled(ledgers)
        after = memory_mb()
        with ledger.mongo() as client:
            accounts = [each.account(client, traffic.books[each.kind]) for each in ledgers]

    settled = time.monotonic() - ended
    rows = [Row(f"none, for {minutes:g} min", each, settled, warm, after) for each in accounts]
    sys.stdout.write("\n" + report.table(rows))
    for account in accounts:
        assert (account.lost, account.duplicates) == (0, 0), account.notes
        assert account.given_up == 0, account.notes
        assert account.effects == account.accepted > 0
    assert broker.waiting() == 0
    assert after < warm * GROWTH_LIMIT
