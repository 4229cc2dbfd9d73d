"""The demo succeeds, or names the step that failed."""

from pathlib import Path
from typing import Any, Self

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import queries, story
from tidings_local.launcher.operating.log_record import Record
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack


class Shop:
    """A shop that works, unless a test changes it."""

    def __init__(self, _stack: Stack | None = None) -> None:
        self.stock = story.STOCK
        self.orders: dict[str, str] = {}
        self.tells_after = 0
        self.asked: list[tuple[str, str]] = []
        self.correlation_id = ""
        self.wrong_state: str | None = None
        self.takes_stock_of_rejected = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def ask(self, document: str, token: str = "", **variables: Any) -> Any:
        self.asked.append((document, token))
        self.correlation_id = f"correlation-{len(self.asked)}"
        answers: dict[str, Any] = {
            queries.REGISTER_USER: self._registered,
            queries.LOGIN: lambda input: {"accessToken": f"token of {input['email']}"},
            queries.CREATE_PRODUCT: lambda input: {"id": "p-1"} | input,
            queries.PLACE_ORDER: self._place,
            queries.GET_ORDER: lambda id: {"state": self.wrong_state or self.orders[id]},
            queries.GET_NOTIFICATIONS: self._inbox,
            queries.GET_PRODUCTS: lambda: {"nodes": [{"id": "p-1", "stock": self.stock}]},
        }
        return answers[document](**variables)

    def _registered(self, input: dict[str, str]) -> dict[str, str]:
        return {"id": "u-1"}

    def _place(self, input: dict[str, Any]) -> dict[str, str]:
        (item,) = input["items"]
        order_id = f"o-{len(self.orders) + 1}"
        is_there = item["quantity"] <= self.stock
        if is_there or self.takes_stock_of_rejected:
            self.stock -= item["quantity"]
        self.orders[order_id] = "CONFIRMED" if is_there else "REJECTED"
        return {"id": order_id, "state": "PENDING"}

    def _inbox(self) -> dict[str, Any]:
        self.tells_after -= 1
        known = self.orders if self.tells_after < 0 else {}
        nodes = [{"subjectId": each, "title": f"About {each}"} for each in known]
        return {"nodes": nodes}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    found = Shop()
    monkeypatch.setattr(story, "GraphqlApi", lambda _: found)
    monkeypatch.setattr(story, "create_admin", lambda *_: None)
    monkeypatch.setattr(story, "POLL_SECONDS", 0)
    trail = [Record(1_000.0, "gateway", "order placed"), Record(2_000.0, "inventory", "reserved")]
    reader: Any = type("Reader", (), {"new": lambda _: trail})
    monkeypatch.setattr(story, "Reader", lambda *_, **__: reader())
    return found


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("local", tmp_path / ".tidings" / "stacks" / "local", Ports(41000))


def test_demo_runs_to_its_end(shop: Shop, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    story.play(stack)
    told = capsys.readouterr().out
    for sentence in ("Ada registers", "Ada orders 2: pending", "Ada orders 5: pending"):
        assert sentence in told
    assert "the stock is 1: the rejected order took nothing" in told
    assert told.index("order placed") < told.index("reserved")


def test_demo_can_be_repeated(shop: Shop, stack: Stack) -> None:
    skus = set()
    for _ in range(2):
        shop.stock = story.STOCK
        story.play(stack)
        skus |= {token for document, token in shop.asked if document == queries.CREATE_PRODUCT}
    assert len(skus) == 2  # of two administrators


def test_notification_is_awaited(shop: Shop, stack: Stack) -> None:
    shop.tells_after = 5
    story.play(stack)


def test_missing_notification_is_reported_with_where_to_look(
    shop: Shop, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "NOTIFIED_WITHIN_SECONDS", 0.05)
    shop.tells_after = 10**9
    with pytest.raises(LauncherError, match="no notification") as told:
        story.play(stack)
    assert told.value.hint == "make status, make logs"


@pytest.mark.parametrize("state", ["PENDING", "REJECTED"])
def test_order_in_another_state_is_reported(shop: Shop, stack: Stack, state: str) -> None:
    shop.wrong_state = state
    with pytest.raises(LauncherError, match=f"the order is {state}, it should be CONFIRMED"):
        story.play(stack)


def test_stock_taken_by_a_rejected_order_is_reported(shop: Shop, stack: Stack) -> None:
    shop.takes_stock_of_rejected = True
    with pytest.raises(LauncherError, match="the stock is -4, it should be 1"):
        story.play(stack)


def test_each_person_calls_with_a_token_of_their_own(shop: Shop, stack: Stack) -> None:
    story.play(stack)
    tokens = dict(shop.asked)
    assert tokens[queries.CREATE_PRODUCT].startswith("token of admin-")
    assert tokens[queries.PLACE_ORDER].startswith("token of customer-")
    assert tokens[queries.GET_PRODUCTS] == ""


def test_last_lines_contain_the_token_and_the_request(
    shop: Shop, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    story.play(stack)
    told = capsys.readouterr().out
    assert "Authorization: Bearer token of customer-" in told
    assert "make logs CORRELATION=correlation-" in told
    assert "--cacert .tidings/stacks/local/localhost.pem.crt" in told
