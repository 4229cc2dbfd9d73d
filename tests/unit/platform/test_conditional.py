"""Entity tags and 304."""

from typing import Any

import pytest

from tidings.platform.entry.conditional import conditional, tag_of

ANSWER = {
    "statusCode": 200,
    "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
    "body": '{"data":1}',
}
TAG = tag_of('{"data":1}')


def test_answer_gets_its_tag() -> None:
    given = conditional(ANSWER, "GET", None)
    assert given["headers"] == {**ANSWER["headers"], "ETag": TAG}  # type: ignore[dict-item]
    assert (given["statusCode"], given["body"]) == (200, ANSWER["body"])


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "{},W/{}", "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_client_that_has_the_answer_gets_none(form: str, method: str) -> None:
    given = conditional(ANSWER, method, form.format(TAG, TAG))
    assert (given["statusCode"], given["body"]) == (304, "")
    assert given["headers"] == {"Cache-Control": "no-store", "ETag": TAG}


@pytest.mark.parametrize("known", ['"other"', TAG.strip('"'), "", 'W/"other"'])
def test_client_that_has_another_answer_gets_this_one(known: str) -> None:
    assert conditional(ANSWER, "GET", known)["body"] == ANSWER["body"]


@pytest.mark.parametrize("change", [{"statusCode": 404}, {"statusCode": 202}])
def test_other_answers_have_no_tag(change: dict[str, Any]) -> None:
    assert conditional({**ANSWER, **change}, "GET", TAG) == {**ANSWER, **change}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", ""])
def test_writes_are_never_answered_304(method: str) -> None:
    assert conditional(ANSWER, method, "*") == ANSWER


def test_other_text_has_another_tag() -> None:
    assert tag_of("a") != tag_of("b")
    assert tag_of("\ud800") == tag_of("\ud800")


def test_cookies_are_not_lost() -> None:
    cookies = {"Set-Cookie": ["a=b"]}
    given = conditional({**ANSWER, "multiValueHeaders": cookies}, "GET", TAG)
    assert (given["statusCode"], given["multiValueHeaders"]) == (304, cookies)
