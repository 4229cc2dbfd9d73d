"""GraphQL over HTTP, by the audits of graphql-http 1.23, with their ids.

https://github.com/graphql/graphql-http/blob/main/src/audits/server.ts
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.gateway.builders import GRAPHQL_JSON, Answer, send

JSON = "application/json"
TYPENAME = "{ __typename }"
WITH_VARIABLES: dict[str, Any] = {
    "query": "query Type($name: String!) { __type(name: $name) { name } }",
    "variables": {"name": "User"},
}


@dataclass(frozen=True)
class Audit:
    """A request and the conditions for its answer."""

    number: str
    status: set[int]
    method: str = "POST"
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] | None = None
    data: bool | None = None
    media_type: str | None = None

    def send(self) -> Answer:
        return send(self.method, self.body, headers=self.headers, parameters=self.parameters)


def post(number: str, status: set[int], body: Any, accept: str | None = JSON, **more: Any) -> Audit:
    headers = {"accept": accept} if accept else {}
    return Audit(number, status, body=body, headers=headers, **more)


def get(number: str, status: set[int], accept: str = JSON, **parameters: str) -> Audit:
    return Audit(number, status, "GET", headers={"accept": accept}, parameters=parameters)


def query(text: str = TYPENAME, **more: Any) -> dict[str, Any]:
    return {"query": text, **more}


OK, REFUSED = {200}, {400}
MUTATION = 'mutation { login(input: {email: "a@example.com", password: "x"}) { tokenType } }'
NAMED = "query Q { __typename }"
NO_STRINGS = [{"obj": "ect"}, 0, False, ["array"]]
NO_MAPS = ["string", 0, False, ["array"]]
UNPARSED, INVALID, UNCOERCED = query("{"), query("{ nope }"), {**WITH_VARIABLES, "variables": {}}

AUDITS = [
    # ------------------------------------------------------------- media types
    post("22EB", OK, query(), GRAPHQL_JSON, media_type=GRAPHQL_JSON),
    post("4655", OK, query(), JSON, media_type=JSON),
    post("47DE", OK, query(), "*/*", media_type=JSON),
    post("80D8", OK, query(), None, media_type=JSON),
    post("82A3", OK, query('{ __type(name: "größe") { name } }'), media_type=JSON),
    Audit("BF61", OK, body=query(), headers={"content-type": "application/json; charset=utf-8"}),
    Audit("78D5", OK, body=query(), headers={"content-type": "application/json"}),
    Audit("9ABE", {415}, body=json.dumps(query()), headers={"content-type": ""}),
    # ----------------------------------------------------------------- methods
    post("2C94", OK, query(), data=True),
    get("5A70", OK, query=TYPENAME),
    get("9C48", {405}, query=MUTATION),
    get("9C48", {405}, GRAPHQL_JSON, query=MUTATION),
    # -------------------------------------------------------------- parameters
    post("03D4", OK, query(), data=True),
    post("A5BF", REFUSED, None),
    post("423L", REFUSED, {"notquery": TYPENAME}),
    *(post(f"LKJ{n}", REFUSED, {"query": value}) for n, value in enumerate(NO_STRINGS)),
    post("34A2", OK, query(), GRAPHQL_JSON, data=True),
    post("13EE", OK, query(), JSON, data=True),
    *(post(f"6C0{n}", REFUSED, query(operationName=v)) for n, v in enumerate(NO_STRINGS)),
    post("8161", OK, query(NAMED, operationName="Q"), GRAPHQL_JSON, data=True),
    post("B8B3", OK, query(NAMED, operationName="Q"), JSON, data=True),
    post("94B0", OK, query(variables=None), GRAPHQL_JSON, data=True),
    post("0220", OK, query(variables=None), JSON, data=True),
    post("94B1", OK, query(operationName=None), GRAPHQL_JSON, data=True),
    post("0221", OK, query(operationName=None), JSON, data=True),
    post("94B2", OK, query(extensions=None), GRAPHQL_JSON, data=True),
    post("0222", OK, query(extensions=None), JSON, data=True),
    *(post(f"476{n}", REFUSED, query(variables=value)) for n, value in enumerate(NO_MAPS)),
    post("2EA1", OK, WITH_VARIABLES, GRAPHQL_JSON, data=True),
    post("28B9", OK, WITH_VARIABLES, JSON, data=True),
    get("D6D5", OK, GRAPHQL_JSON, query=WITH_VARIABLES["query"], variables='{"name": "User"}'),
    get("6A70", OK, JSON, query=WITH_VARIABLES["query"], variables='{"name": "User"}'),
    *(post(f"58B{n}", REFUSED, query(extensions=value)) for n, value in enumerate(NO_MAPS)),
    post("428F", OK, query(extensions={"any": "thing"}), GRAPHQL_JSON, data=True),
    post("1B7A", OK, query(extensions={"any": "thing"}), JSON, data=True),
    # ---------------------------------------------- requests that cannot be run
    post("BCF8", REFUSED, '{ "not a JSON', JSON),
    post("B7N8", REFUSED, '{ "not a JSON', GRAPHQL_JSON),
    post("3E3A", REFUSED, {"qeury": TYPENAME}, GRAPHQL_JSON),
    # For older clients, a well-formed request as application/json is answered with 200.
    post("572B", OK, UNPARSED, JSON, data=False, media_type=JSON),
    post("FDE2", OK, INVALID, JSON, data=False, media_type=JSON),
    post("7B9B", OK, UNCOERCED, JSON, data=False, media_type=JSON),
    post("556A", REFUSED, UNPARSED, GRAPHQL_JSON, data=False, media_type=GRAPHQL_JSON),
    post("74FF", REFUSED, INVALID, GRAPHQL_JSON, data=False, media_type=GRAPHQL_JSON),
    post("86EE", REFUSED, UNCOERCED, GRAPHQL_JSON, data=False, media_type=GRAPHQL_JSON),
    # An error in one field does not change the status.
    post("own", OK, query("{ me { id } }"), GRAPHQL_JSON),
]


@pytest.mark.parametrize("audit", AUDITS, ids=lambda each: each.number)
def test_audit(audit: Audit) -> None:
    answer = audit.send()
    assert answer.status in audit.status
    if audit.media_type is not None:
        assert answer.headers["content-type"] == f"{audit.media_type}; charset=utf-8"
    if audit.data is not None:
        assert ("data" in answer.content) == audit.data
    if answer.status >= 400 and answer.status != 415:
        assert answer.errors[0]["message"]


def test_every_answer_of_graphql_is_utf8_json() -> None:
    for accept in (JSON, GRAPHQL_JSON):
        answer = send(body=query('{ __type(name: "größe") { name } }'), headers={"accept": accept})
        assert json.loads(answer.text.encode()) == {"data": {"__type": None}}


def test_batch_is_refused_and_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.users.sessions.login", lambda _: pytest.fail("was run"))
    answer = send(body=[query(MUTATION), query(MUTATION)])
    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")
    assert "batches" in answer.errors[0]["message"]


def test_answers_that_depend_on_the_caller_or_fail_are_not_cached() -> None:
    assert send(body=query()).headers["cache-control"] == "no-store"
    failed = send("GET", parameters={"query": "{ me { id } }"})
    assert failed.headers["cache-control"] == "no-store"
    refused = send("GET", parameters={"query": "{"})
    assert refused.headers["cache-control"] == "no-store"
