"""Tests of the list of suppressed addresses and of lifting a suppression."""

import importlib
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.builders import (
    CONTEXT,
    a_person,
    a_reader,
    an_address,
    at_once,
    graphql,
    token_of,
)
from tests.unit.platform.builders import api_event
from tidings.delivery.errors import SuppressionNotFound
from tidings.delivery.models import Suppression
from tidings.delivery.operations import get_suppressions, lift_suppression
from tidings.delivery.schemas import SuppressionFilter, SuppressionView
from tidings.delivery.suppression import suppress, suppressed
from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.users.models import User

OPERATOR = a_person(Role.OPERATOR)
ADA = "ada@example.com"
LIST = """query($f: SuppressionFilterInput) { getSuppressions(filter: $f) {
  totalCount nodes { id channel reason liftedAt acts { act by reason } } } }"""
LIFT = """mutation($id: ID!, $why: String!) { liftSuppression(id: $id, reason: $why) {
  id liftedAt acts { act by reason } } }"""


def a_suppression(address: str = ADA, *, at: datetime | None = None) -> SuppressionView:
    suppress(address, "hard_bounce", at=at)
    (found,) = listed(address=address).items
    return found


def listed(*, limit: int = 20, after: str | None = None, **wanted: Any) -> Page[SuppressionView]:
    page = PageRequest.model_validate({"limit": limit, "after": after})
    matching = SuppressionFilter.model_validate(wanted)
    return get_suppressions(page, caller=OPERATOR, wanted=matching)


def ids(page: Page[SuppressionView]) -> list[str]:
    return [each.id for each in page.items]


def lift(suppression: SuppressionView, reason: str = "It works again.") -> SuppressionView:
    return lift_suppression(suppression.id, reason, caller=OPERATOR)


def call(
    function: str, caller: Principal, query: dict[str, str] | None = None, **path: str
) -> tuple[int, Any]:
    event = api_event(
        headers={"Authorization": f"Bearer {token_of(caller)}"},
        queryStringParameters=query,
        pathParameters=path or None,
    )
    response = importlib.import_module(f"delivery.{function}").handler(event, CONTEXT)
    return response["statusCode"], json.loads(response["body"])


# ----------------------------------------------------------------------------- listing


def test_list_begins_with_the_latest_and_continues_at_a_cursor() -> None:
    at = now()
    addresses = [an_address() for _ in range(3)]
    oldest_first = [
        a_suppression(each, at=at + timedelta(minutes=number)).id
        for number, each in enumerate(addresses)
    ]
    first = listed(limit=2)
    rest = listed(limit=2, after=first.cursors[-1])
    assert (first.total, first.has_next, rest.has_next) == (3, True, False)
    assert ids(first) + ids(rest) == oldest_first[::-1]


def test_suppression_is_found_by_any_spelling_of_its_address() -> None:
    mine, _ = a_suppression(), a_suppression(an_address())
    for spelling in ("Ada@Example.COM", "<ada@example.com>", '"Ada L" <ada@example.com>'):
        assert ids(listed(address=spelling)) == [mine.id]
    assert ids(listed(address=an_address())) == []


def test_suppression_is_found_by_the_account_with_the_address() -> None:
    reader, other = a_reader(), a_reader()
    mine = a_suppression(User.objects.get(pk=reader.user_id).email)
    assert ids(listed(user_id=reader.user_id)) == [mine.id]
    assert ids(listed(user_id=reader.user_id, address=ADA)) == []
    assert ids(listed(user_id=other.user_id)) == []
    assert ids(listed(user_id=new_id())) == []


def test_suppression_is_found_by_its_channel() -> None:
    mine = a_suppression()
    assert (mine.channel, mine.reason) == ("email", "hard_bounce")
    assert ids(listed(channel="email")) == [mine.id]
    assert ids(listed(channel="sms")) == []


def test_owner_of_an_address_is_not_revealed() -> None:
    found = a_suppression()
    # As a word, because the id is a random hexadecimal number, which may contain these letters.
    assert not re.search(r"\bada\b|example", found.model_dump_json().lower())


# ----------------------------------------------------------------------------- lifting


def test_address_gets_mail_again_and_operator_and_reason_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at, logged = now(), list[Any]()
    suppression = a_suppression()
    monkeypatch.setattr(logger, "info", lambda _, **fields: logged.append(fields))
    lifted = lift_suppression(suppression.id, "It works again.", caller=OPERATOR, at=at)
    assert suppressed([ADA]) == {}
    assert lifted.lifted_at == at
    (act,) = lifted.acts
    assert (act.act, act.by, act.at) == ("lifted", OPERATOR.user_id, at)
    assert act.reason == "It works again."
    assert logged == [
        {"by": OPERATOR.user_id, "suppression_id": suppression.id, "reason": act.reason}
    ]
    assert ids(listed()) == []
    assert listed(lifted=True, address=ADA).items == [lifted]


def test_lifting_again_or_at_once_changes_nothing() -> None:
    suppression = a_suppression()
    first = lift(suppression)
    assert lift(suppression, "Me too.") == first
    another = a_suppression(an_address())
    answers = at_once([lambda: lift(another)] * 5)
    assert {len(each.acts) for each in answers} == {1}
    assert len(Suppression.objects.get(pk=another.id).acts) == 1


def test_mailbox_that_bounces_again_is_suppressed_again_and_keeps_its_history() -> None:
    suppression = a_suppression(at=now() - timedelta(days=1))
    lift(suppression)
    suppress(ADA, "complaint", at=now() + timedelta(minutes=1))
    (found,) = listed().items
    assert (found.id, found.reason, found.lifted_at) == (suppression.id, "complaint", None)
    assert [each.act for each in found.acts] == ["lifted"]
    assert suppressed([ADA]) == {ADA: "complaint"}


def test_bounces_before_the_lifting_suppress_nothing() -> None:
    lift(a_suppression())
    suppress(ADA, "hard_bounce", at=now() - timedelta(hours=1))
    assert suppressed([ADA]) == {}


def test_unknown_suppression_cannot_be_lifted() -> None:
    with pytest.raises(SuppressionNotFound):
        lift_suppression("0" * 64, "It works again.", caller=OPERATOR)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SERVICE])
def test_only_operators_see_and_change_suppressions(role: Role) -> None:
    suppression, caller = a_suppression(), a_person(role)
    with pytest.raises(Forbidden):
        get_suppressions(PageRequest.model_validate({}), caller=caller)
    with pytest.raises(Forbidden):
        lift_suppression(suppression.id, "It works again.", caller=caller)
    assert suppressed([ADA]) == {ADA: "hard_bounce"}


def test_database_deletes_lifted_suppressions() -> None:
    indexes = Suppression._get_collection().index_information().values()
    lasting = [each["key"] for each in indexes if each.get("expireAfterSeconds") == 30 * 24 * 3600]
    assert [dict(each) for each in lasting] == [{"lifted_at": 1}]


# ---------------------------------------------------------------------------- the twins


@pytest.mark.usefixtures("keys")
def test_rest_lists_and_lifts() -> None:
    suppression = a_suppression()
    status, envelope = call("get_suppressions", OPERATOR, {"address": ADA, "limit": "1"})
    assert (status, envelope["meta"]["total"]) == (200, 1)
    assert envelope["data"] == [suppression.model_dump(mode="json")]
    why = {"reason": "It works again."}
    status, envelope = call("lift_suppression", OPERATOR, why, suppression_id=suppression.id)
    assert (status, envelope["data"]["acts"][0]["by"]) == (200, OPERATOR.user_id)
    assert suppressed([ADA]) == {}
    assert call("lift_suppression", OPERATOR, why, suppression_id="0" * 64)[0] == 404
    assert call("lift_suppression", OPERATOR, why, suppression_id="nothing")[0] == 404


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("query", [None, {"reason": "  "}, {"reason": f"{ADA} called."}], ids=str)
def test_reason_is_required_and_must_contain_no_address(query: dict[str, str] | None) -> None:
    suppression = a_suppression()
    status, envelope = call("lift_suppression", OPERATOR, query, suppression_id=suppression.id)
    assert (status, envelope["error"]["details"][0]["field"]) == (400, "reason")
    assert suppressed([ADA]) == {ADA: "hard_bounce"}


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("field", "value"),
    [("channel", "fax"), ("address", "ada"), ("user_id", "me"), ("lifted", "perhaps")],
)
def test_invalid_filter_is_refused_by_its_field(field: str, value: str) -> None:
    status, envelope = call("get_suppressions", OPERATOR, {field: value})
    assert (status, envelope["error"]["details"][0]["field"]) == (400, field)


@pytest.mark.usefixtures("keys")
def test_graphql_has_the_same_data() -> None:
    suppression, token = a_suppression(), token_of(OPERATOR)
    data = graphql(LIST, token=token, f={"address": ADA}).content["data"]["getSuppressions"]
    assert (data["totalCount"], data["nodes"][0]["id"]) == (1, suppression.id)
    lifted = graphql(LIFT, token=token, id=suppression.id, why="It works again.")
    (act,) = lifted.content["data"]["liftSuppression"]["acts"]
    assert act == {"act": "lifted", "by": OPERATOR.user_id, "reason": "It works again."}
    refused = graphql(LIFT, token=token, id=suppression.id, why="")
    assert refused.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "reason"}
    nothing = graphql(LIFT, token=token, id="\x00", why="It works again.")
    assert nothing.code == "NOT_FOUND"
