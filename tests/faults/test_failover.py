"""Mails by two servers, while the first is dead, returns, and breaks: each arrives once at most."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.aws import client
from tests.e2e.shop import Shop
from tests.faults.ledger import verify
from tests.faults.stack import function_processes
from tests.ports import reserved_port
from tests.smtp_server import TAKE_AND_HANG_UP, Sink, smtp_server
from tests.waiting import eventually
from tidings_local.launcher.deploying.deploy import SECRETS_PREFIX

MAILS = 12
FUNCTIONS = ("tidings-deliver-email", "tidings-deliver-urgent-email")
Delivery = dict[str, Any]


@contextmanager
def mails_by(*servers: str) -> Iterator[None]:
    """Let the stack send mails by these servers, and then as before."""
    secrets, name = client("secretsmanager"), f"{SECRETS_PREFIX}/smtp"
    before = secrets.get_secret_value(SecretId=name)["SecretString"]

    def change(value: str) -> None:
        secrets.put_secret_value(SecretId=name, SecretString=value)
        # Running environments read it within a minute, new ones at once.
        for process in (each for name in FUNCTIONS for each in function_processes(name)):
            process.kill()

    change(json.dumps({"providers": servers}))
    try:
        yield
    finally:
        change(before)


def send(operator: Shop, customer: Shop) -> str:
    """Return the id of an accepted mail to the customer."""
    wanted = {
        "notification_type": "email",
        "user_id": customer.user_id,
        "template_code": "user_verified",
        "request_id": uuid4().hex,
    }
    return str(operator.rest("POST", "/notifications", wanted).json()["data"]["id"])


def ended(operator: Shop, notification_id: str, *statuses: str) -> Delivery:
    """Return the delivery of a mail as soon as it has one of these statuses."""

    def found() -> Delivery:
        answer = operator.rest("GET", f"/notifications/{notification_id}/status").json()
        delivery: Delivery = answer["data"]["deliveries"][0]
        return delivery if delivery["status"] in statuses else {}

    return eventually(found, what=f"{statuses} of {notification_id}")


def tried_in(delivery: Delivery) -> set[tuple[str, str]]:
    return {
        (each["provider"], each["reason"]) for step in delivery["steps"] for each in step["tried"]
    }


@pytest.fixture
def customer(shop: Shop) -> Shop:
    customer = shop.register()
    verify([str(customer.user_id)])
    return customer


def test_second_server_sends_what_the_first_has_not_got(admin: Shop, customer: Shop) -> None:
    first, backup = Sink(), Sink()
    # Names of their own, because the circuits of another run may be open.
    run = uuid4().hex[:8]
    primary, second = f"first-{run}", f"second-{run}"
    with ExitStack() as ending:
        port = ending.enter_context(reserved_port())  # the first server is not started yet
        other = ending.enter_context(smtp_server(backup))
        ending.enter_context(
            mails_by(f"{primary}=smtp://127.0.0.1:{port}", f"{second}=smtp://127.0.0.1:{other}")
        )

        sent = [send(admin, customer) for _ in range(MAILS)]
        deliveries = [ended(admin, each, "sent") for each in sent]
        assert {each["provider"] for each in deliveries} == {second}
        assert [backup.times(each) for each in sent] == [1] * MAILS
        reasons = {tried_in(each).pop() for each in deliveries}
        assert (primary, "unavailable") in reasons
        assert {provider for provider, _ in reasons} == {primary}
        told = admin.rest("GET", f"/notifications/{sent[0]}/explanation").text
        assert primary in told

        ending.enter_context(smtp_server(first, port))
        eventually(
            lambda: ended(admin, send(admin, customer), "sent")["provider"] == primary,
            what="mails by the first server, as soon as its circuit is closed",
        )

        first.answers["DATA"] = TAKE_AND_HANG_UP
        broken = [send(admin, customer) for _ in range(3)]
        for each in broken:
            delivery = ended(admin, each, "unknown")
            assert tried_in(delivery) == {(primary, "timeout")}
        first.answers.clear()
        last = send(admin, customer)
        assert ended(admin, last, "sent")["provider"] == primary
        assert [first.times(each) for each in [*broken, last]] == [1] * 4
        assert [backup.times(each) for each in [*broken, last]] == [0] * 4
