"""Mails through several real SMTP servers: the next one sends if the first has not got the mail."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config

from tests.integration.builders import a_reader, at_once
from tests.integration.delivery.messages import a_mail, a_message
from tests.integration.delivery.servers import mails_by
from tests.integration.delivery.test_sms import texts_to
from tests.integration.delivery.watched import command, told
from tests.integration.notifications.builders import story, where
from tests.smtp_server import HANG_UP, TAKE_AND_HANG_UP, Sink, smtp_server
from tidings.delivery.channels import deliver as send
from tidings.delivery.channels import email, sms
from tidings.delivery.delivering import deliver, deliver_together
from tidings.delivery.errors import DeliveryFailure, TemporaryFailure
from tidings.delivery.models import Notification
from tidings.delivery.outgoing import Address, Rendered
from tidings.delivery.status import StepView, status_of
from tidings.platform.caching import cache
from tidings.platform.context import attempting
from tidings.platform.errors import NotYet
from tidings.platform.providers import aws, breaker, smtp
from tidings.platform.settings import settings
from tidings.platform.timing.clock import new_id

NOBODY = "smtp://127.0.0.1:9"
# At this step of a server the mail is known not to be sent.
BEFORE_THE_MAIL: dict[str, tuple[dict[str, str], str]] = {
    "sender refused": ({"MAIL": "550 not you"}, "misconfigured"),
    "login required": ({"RCPT": "530 5.7.0 sign in first"}, "misconfigured"),
    "no relay": ({"RCPT": "554 5.7.1 Relay access denied"}, "misconfigured"),
    "shutting down": ({"RCPT": "421 shutting down"}, "mailbox_busy"),
    "disk full": ({"RCPT": "452 4.3.1 disk full"}, "mailbox_busy"),
    "content not taken now": ({"DATA": "451 later"}, "unavailable"),
}
THE_END: dict[str, tuple[dict[str, str], str, str]] = {
    "no such mailbox": ({"RCPT": "550 5.1.1 no such user"}, "failed", "unknown_recipient"),
    "mailbox full": ({"RCPT": "552 5.2.2 full"}, "failed", "refused"),
    "mailbox busy": ({"RCPT": "450 4.2.1 busy"}, "queued", "mailbox_busy"),
    "content refused": ({"DATA": "554 spam"}, "failed", "rejected"),
}


class Servers(NamedTuple):
    """Two servers for mails; the second is called `backup`, and their circuits are new."""

    first: Sink
    backup: Sink
    names: tuple[str, str]

    @property
    def mails(self) -> tuple[int, int]:
        return len(self.first.envelopes), len(self.backup.envelopes)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    with two_servers(monkeypatch) as found:
        yield found


@contextmanager
def two_servers(patch: pytest.MonkeyPatch, **login: Any) -> Iterator[Servers]:
    """Start two servers; `login` is an option of the first one."""
    first, backup = Sink(), Sink()
    # Names of their own, because a circuit of another test may be open.
    names = f"a{new_id()[-12:]}", f"b{new_id()[-12:]}"
    with ExitStack() as stack:
        first.port = stack.enter_context(smtp_server(first, **login))
        backup.port = stack.enter_context(smtp_server(backup))
        written = [
            f"{name}=smtp://127.0.0.1:{each.port}"
            for name, each in zip(names, (first, backup), strict=True)
        ]
        mails_by(patch, *written)
        yield Servers(first, backup, names)
        smtp.close()


def last_step(notification: Notification) -> StepView:
    status = status_of(notification.id)
    assert status is not None
    return status.deliveries[0].steps[-1]


def tried_in(step: StepView) -> list[tuple[str, str]]:
    return [(each.provider, each.reason) for each in step.tried]


@pytest.mark.parametrize("case", BEFORE_THE_MAIL)
def test_next_server_sends_what_the_first_has_not_got(servers: Servers, case: str) -> None:
    answers, reason = BEFORE_THE_MAIL[case]
    servers.first.answers.update(answers)
    notification = told(a_reader())
    deliver(command(notification))
    assert servers.mails == (0, 1)
    assert story(notification, "email") == ["accepted", "queued", "sending", "sent"]
    step = last_step(notification)
    assert (step.provider, tried_in(step)) == (servers.names[1], [(servers.names[0], reason)])
    status = status_of(notification.id)
    assert status is not None
    assert (status.deliveries[0].provider, status.deliveries[0].attempts) == (servers.names[1], 1)


def test_next_server_sends_if_the_first_refuses_our_login(monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"authenticator": Sink().authenticate, "auth_require_tls": False, "auth_required": True}
    with two_servers(monkeypatch, **login) as servers:
        first, backup = servers.names
        mails_by(
            monkeypatch,
            f"{first}=smtp://ada:wrong@127.0.0.1:{servers.first.port}",
            f"{backup}=smtp://127.0.0.1:{servers.backup.port}",
        )
        notification = told(a_reader())
        deliver(command(notification))
        assert servers.mails == (0, 1)
        assert tried_in(last_step(notification)) == [(first, "misconfigured")]


@pytest.mark.parametrize("case", THE_END)
def test_refused_recipient_or_content_is_not_tried_elsewhere(servers: Servers, case: str) -> None:
    answers, status, reason = THE_END[case]
    servers.first.answers.update(answers)
    notification = told(a_reader())
    with suppress(DeliveryFailure):  # a fault of the recipient is no failure of the command
        deliver(command(notification))
    assert where(notification, "email")[:2] == (status, reason)
    assert servers.mails == (0, 0)
    assert servers.backup.sessions == set()
    assert tried_in(last_step(notification)) == [(servers.names[0], reason)]


@pytest.mark.parametrize(("answer", "arrived"), [(HANG_UP, 0), (TAKE_AND_HANG_UP, 1)])
def test_mail_that_a_server_may_have_is_never_sent_by_another(
    servers: Servers, answer: str, arrived: int
) -> None:
    """The server got the whole mail and closed the connection: only it knows whether it sends."""
    servers.first.answers["DATA"] = answer
    notification = told(a_reader())
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert where(notification, "email")[0] == "unknown"
    assert tried_in(last_step(notification)) == [(servers.names[0], "timeout")]
    servers.first.answers.clear()
    for _ in range(2):  # the command comes again
        deliver(command(notification))
    assert servers.mails == (arrived, 0)
    assert servers.backup.sessions == set()


def test_server_that_breaks_after_the_mail_as_the_second_is_the_end_too(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, backup = servers.names
    last = f"smtp://127.0.0.1:{servers.first.port}"
    broken = f"{backup}=smtp://127.0.0.1:{servers.backup.port}"
    mails_by(monkeypatch, f"{first}={NOBODY}", broken, f"third={last}")
    servers.backup.answers["DATA"] = TAKE_AND_HANG_UP
    notification = told(a_reader())
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert where(notification, "email")[0] == "unknown"
    assert tried_in(last_step(notification)) == [(first, "unavailable"), (backup, "timeout")]
    assert servers.mails == (0, 1)


def test_server_that_never_greets_is_passed_over(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.2)
    first, backup = servers.names
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mails_by(
            monkeypatch,
            f"{first}=smtp://127.0.0.1:{silent.getsockname()[1]}",
            f"{backup}=smtp://127.0.0.1:{servers.backup.port}",
        )
        receipt = send(a_mail())
    assert (receipt.provider, [each.provider for each in receipt.tried]) == (backup, [first])


def test_failures_of_a_server_open_its_own_circuit_only(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is open the server is not asked; then one mail tries it, and it sends again."""
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 600.0)
    monkeypatch.setattr(breaker, "WINDOW_SECONDS", 600.0)
    servers.first.answers["MAIL"] = "451 later"
    mails = [told(a_reader()) for _ in range(20)]
    assert deliver_together([command(each) for each in mails]) == []
    assert servers.mails == (0, 20)
    assert len(servers.first.sessions) <= breaker.FAILURES
    assert tried_in(last_step(mails[-1])) == [(servers.names[0], "circuit_open")]
    servers.first.answers.clear()
    _, open_, _, _ = breaker._keys(servers.names[0])
    cache.client().delete(open_)  # its time is over
    breaker._closed.clear()
    for expected in (1, 2):
        deliver(command(told(a_reader())))
        assert servers.mails == (expected, 20)


def test_mail_that_no_server_takes_is_tried_again_and_sent_once(servers: Servers) -> None:
    for each in servers[:2]:
        each.answers["MAIL"] = "451 later"
    notification = told(a_reader())
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert where(notification, "email")[:2] == ("queued", "unavailable")
    both = [(each, "unavailable") for each in servers.names]
    assert tried_in(last_step(notification)) == both
    servers.first.answers.clear()
    deliver(command(notification))
    deliver(command(notification))
    assert servers.mails == (1, 0)
    assert story(notification, "email")[-3:] == ["queued", "sending", "sent"]


def test_last_attempt_fails_with_the_servers_that_were_tried(servers: Servers) -> None:
    for each in servers[:2]:
        each.answers["MAIL"] = "550 not you"
    notification = told(a_reader())
    with attempting(last=True), pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert where(notification, "email")[:2] == ("failed", "misconfigured")
    assert [name for name, _ in tried_in(last_step(notification))] == list(servers.names)


def test_attempt_does_not_count_while_all_circuits_are_open(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 600.0)
    for name in servers.names:
        for _ in range(breaker.FAILURES):
            with pytest.raises(TemporaryFailure), breaker.guarded(name):
                raise TemporaryFailure("unavailable")
    notification = told(a_reader())
    with pytest.raises(NotYet):
        deliver(command(notification))
    assert where(notification, "email")[:2] == ("queued", "circuit_open")
    assert servers.first.sessions | servers.backup.sessions == set()


def test_two_consumers_at_once_send_one_mail(servers: Servers) -> None:
    servers.first.answers["MAIL"] = "451 later"
    notification = told(a_reader())

    def consume() -> None:
        try:
            deliver(command(notification))
        except NotYet:
            return

    at_once([consume] * 4)
    assert servers.mails == (0, 1)


def test_secret_that_cannot_be_used_keeps_mails_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable() -> None:
        raise ValueError("server 1 is neither `ses` nor `name=smtps://host:port`")

    monkeypatch.setattr(email, "providers_of_mails", unusable)
    notification = told(a_reader())
    with pytest.raises(TemporaryFailure):
        deliver(command(notification))
    assert where(notification, "email")[:2] == ("queued", "misconfigured")


# -------------------------------------------------------------------------- AWS


def away(service: str) -> Any:
    """Return a client of a service at an address where nothing listens."""
    make: Any = boto3.client
    config = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    return make(service, endpoint_url="http://127.0.0.1:9", config=config)


def only_away(service: str, honest: Callable[..., Any]) -> Callable[..., Any]:
    """Return `aws.client`, with a service that is away in our region, and there in others."""
    return lambda name, region=None: (
        away(name) if (name, region) == (service, None) else honest(name, region)
    )


def test_smtp_server_sends_while_ses_is_away(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = servers.names[1]
    mails_by(monkeypatch, "ses", f"{backup}=smtp://127.0.0.1:{servers.backup.port}")
    monkeypatch.setattr(aws, "client", only_away("ses", aws.client))
    receipt = send(a_mail())
    assert (receipt.provider, [each.provider for each in receipt.tried]) == (backup, ["ses"])
    assert servers.mails == (0, 1)


def test_other_region_sends_a_text_message_while_ours_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = settings().model_copy(update={"sms_providers": "sns sns:eu-west-1 sns"})
    monkeypatch.setattr(sms, "settings", lambda: here)
    monkeypatch.setattr(aws, "client", only_away("sns", aws.client))
    phone, words = "+4917012345690", f"Code {new_id()}"
    message = a_message("sms", address=Address(phone=phone), rendered=Rendered(text=words))
    receipt = send(message)
    assert receipt.provider == "sns-sms-eu-west-1"
    assert [(each.provider, each.reason) for each in receipt.tried] == [("sns-sms", "unavailable")]
    assert texts_to(phone, words, region="eu-west-1") == [words]
