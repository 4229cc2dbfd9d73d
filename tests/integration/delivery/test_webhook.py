"""Webhooks to a real HTTPS server: signed, not redirected, never to our own network."""

import base64
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.integration.delivery.messages import a_message
from tests.integration.delivery.servers import (
    CUSTOMERS_HOST,
    Certificate,
    Receiver,
    ipv4,
    public_receiver,
)
from tests.integration.users.people import as_principal, registered
from tests.waiting import timed
from tidings.delivery.channels import deliver, is_idempotent
from tidings.delivery.errors import CircuitOpen, PermanentFailure, TemporaryFailure
from tidings.delivery.outgoing import Address, OutgoingMessage
from tidings.platform.providers import https, public_hosts
from tidings.platform.providers.deadline import Deadline
from tidings.users.contact_points import SetContactPoints, set_contact_points
from tidings.users.contacts import get_contacts


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def url(
    receiver: Receiver, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Return the URL of a receiver on this machine, which counts as public in these tests."""
    with public_receiver(receiver, certificate, monkeypatch) as address:
        yield address


@pytest.mark.parametrize(
    "correlation", ["a\r\n evil: x", "a\r\nevil: x", "ü", "=?utf-8?q?=0D=0Aevil:_x?=", "\u2028", ""]
)
def test_malformed_correlation_id_is_not_a_header(
    url: str, receiver: Receiver, correlation: str
) -> None:
    address = Address(webhook_url=url, webhook_id="webhook-1")
    message = a_message("webhook", address=address, correlation_id=correlation)
    deliver(message)
    ((_, headers, _),) = receiver.requests
    assert headers["X-Correlation-Id"] == message.notification_id
    assert "evil" not in str(headers).lower()


def a_call(url: str, webhook_id: str = "webhook-1") -> OutgoingMessage:
    return a_message("webhook", address=Address(webhook_url=url, webhook_id=webhook_id))


def test_receiver_can_verify_the_call_with_the_shared_secret(url: str, receiver: Receiver) -> None:
    user = registered()
    shown = set_contact_points(
        user.id, SetContactPoints(webhook_url=url), caller=as_principal(user)
    )
    contact = get_contacts([user.id])[user.id]
    assert contact.webhook_id is not None
    message = a_call(url, contact.webhook_id)
    receipt = deliver(message)
    assert (receipt.provider, receipt.detail) == ("webhook", "status 200")
    ((path, headers, body),) = receiver.requests
    assert path == "/hooks/tidings?of=shop"
    assert headers["Host"] == url.split("/")[2]
    assert headers["webhook-id"] == message.notification_id
    assert json.loads(body)["data"] == message.data
    assert shown.webhook_secret is not None
    # Checked by another program, as a receiver would.
    key = base64.b64decode(shown.webhook_secret.removeprefix("whsec_")).hex()
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"],
        input=signed,
        capture_output=True,
        check=True,
    ).stdout
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


@pytest.mark.parametrize(
    ("status", "reason", "retryable"),
    [(400, "refused", False), (404, "refused", False), (410, "refused", False),
     (408, "unavailable", True), (429, "throttled", True),
     (500, "unavailable", True), (503, "unavailable", True)],
)  # fmt: skip
def test_status_decides_whether_to_retry(
    url: str, receiver: Receiver, status: int, reason: str, retryable: bool
) -> None:
    receiver.status = status
    with pytest.raises((PermanentFailure, TemporaryFailure)) as failed:
        deliver(a_call(url))
    assert (failed.value.reason, failed.value.retryable) == (reason, retryable)


@pytest.mark.parametrize("place", ["http://169.254.169.254/latest/meta-data/", "https://localhost"])
def test_redirects_are_not_followed(url: str, receiver: Receiver, place: str) -> None:
    receiver.status, receiver.headers = 307, {"Location": place}
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_call(url))
    assert failed.value.reason == "redirect"
    assert len(receiver.requests) == 1


def test_answer_of_any_size_is_not_read(url: str, receiver: Receiver) -> None:
    def flood(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 65_536)
        except OSError:
            stopped.set()

    stopped = threading.Event()
    receiver.instead = flood
    assert deliver(a_call(url)).detail == "status 200"
    assert stopped.wait(60)


def test_server_that_trickles_is_cut_off(
    url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        try:
            while not done.wait(0.1):
                request.wfile.write(b"H")
                request.wfile.flush()
        except OSError:
            return

    done = threading.Event()
    receiver.instead = trickle
    monkeypatch.setattr(Deadline, "after", lambda *_: Deadline(time.monotonic() + 1))

    def cut_off() -> None:
        with pytest.raises(TemporaryFailure):
            deliver(a_call(url))

    _, seconds = timed(cut_off)
    done.set()
    assert seconds < 4


def test_untrusted_certificate_is_refused(
    url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "tls_context", ssl.create_default_context)
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_call(url))
    assert failed.value.reason == "bad_certificate"
    assert receiver.requests == []


def test_breaker_opens_for_one_receiver_only(url: str, receiver: Receiver) -> None:
    receiver.status = 503
    for _ in range(5):
        with pytest.raises(TemporaryFailure):
            deliver(a_call(url))
    receiver.status = 200
    with pytest.raises(CircuitOpen) as failed:
        deliver(a_call(url))
    assert 0 < failed.value.retry_after <= 20
    assert len(receiver.requests) == 5
    assert deliver(a_call(url.replace("of=shop", "of=another"))).detail == "status 200"


@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://2130706433/",
     "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://0/",
     "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "https://192.168.1.1/",
     "https://172.16.0.1/", "https://100.64.0.1/", "https://[::ffff:127.0.0.1]/",
     "https://[::ffff:a9fe:a9fe]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
     "https://[fe80::1]/", "https://[fd00::1]/", "https://224.0.0.1/"],
)  # fmt: skip
def test_our_own_network_is_never_called(address: str) -> None:
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_call(address))
    assert failed.value.reason == "bad_address"


def test_internal_and_unknown_host_names_get_the_same_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere(*_: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def inside(*_: object) -> list[object]:
        return [ipv4("10.0.0.1", 443)]

    def without_address(*_: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")

    told = set()
    for answer in (nowhere, inside, without_address):
        monkeypatch.setattr(public_hosts, "lookup", answer)
        with pytest.raises(PermanentFailure) as failed:
            deliver(a_call("https://db.shop.example/"))
        told.add((failed.value.reason, failed.value.message, str(failed.value)))
    assert {reason for reason, *_ in told} == {"no_public_host"}
    assert len(told) == 1


def test_resolver_without_an_answer_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(public_hosts, "lookup", away)
    with pytest.raises(TemporaryFailure) as failed:
        deliver(a_call("https://hooks.example/"))
    assert failed.value.reason == "unresolved"


def test_name_with_public_and_private_addresses_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [ipv4(each, 443) for each in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(public_hosts, "lookup", lambda *_: answers)
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_call("https://rebinding.example/"))
    assert failed.value.reason == "no_public_host"


def test_name_is_resolved_once_for_check_and_call(
    url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[object]:
        asked.append(host)
        return [ipv4("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port)]

    monkeypatch.setattr(public_hosts, "lookup", rebinding)
    deliver(a_call(url))
    assert asked == [CUSTOMERS_HOST]
    assert len(receiver.requests) == 1


def test_webhook_may_be_called_again() -> None:
    assert is_idempotent("webhook")
