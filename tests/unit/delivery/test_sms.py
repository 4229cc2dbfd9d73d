"""Text messages stay within their number of parts, and are cut at whole characters."""

from typing import Any

import pytest

from tidings.delivery.channels import sms
from tidings.delivery.outgoing import Address, OutgoingMessage, Rendered
from tidings.platform.providers import sns
from tidings.platform.providers.deadline import Deadline


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []

    def text(_: str, words: str, **__: Any) -> str:
        sent.append(words)
        return "id"

    monkeypatch.setattr(sns, "text", text)
    return sent


def send(words: str) -> None:
    message = OutgoingMessage(
        notification_id="n1", channel="sms", user_id="u1", kind="k", category="orders",
        address=Address(phone="+4917012345678"), rendered=Rendered(text=words),
    )  # fmt: skip
    (provider,) = sms.providers(message)
    provider.send(Deadline.after(5))


def test_short_text_is_whole(texts: list[str]) -> None:
    send("Grüße 👨‍👩‍👧")
    assert texts == ["Grüße 👨‍👩‍👧"]


def test_letters_count_one_and_emoji_two(texts: list[str]) -> None:
    send("x" * 700)
    send("🍕" * 700)
    assert texts == ["x" * 670, "🍕" * 335]


@pytest.mark.parametrize("character", ["👨‍👩‍👧", "🇩🇪", "e\u0301", "क्षि"], ids=ascii)
def test_text_is_cut_at_a_whole_character(texts: list[str], character: str) -> None:
    for before in range(6):
        send("x" * before + character * 700)
    for before, text in enumerate(texts):
        assert text == "x" * before + character * text.count(character)
        assert len(text.encode("utf-16-le")) // 2 > 650
