"""Tasks by GraphQL and REST in this process, and their notifications."""

import base64
import importlib
import json
from typing import Any

import pytest

from tests.integration.builders import CONTEXT, Queues, a_person, graphql, token_of
from tests.integration.tasks.builders import a_task, a_user
from tests.unit.gateway.builders import Answer
from tests.unit.platform.builders import api_event
from tidings.delivery.models import Notification
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.tasks.models import Task
from tidings.tasks.rows import TaskFile

pytestmark = pytest.mark.usefixtures("keys")

FIELDS = (
    "id title description state priority dueAt assigneeId labels ownerId version"
    " createdAt updatedAt"
)
CREATE = f"mutation($i:CreateTaskInput!){{createTask(input:$i){{{FIELDS}}}}}"
UPDATE = f"mutation($t:ID!,$i:UpdateTaskInput!){{updateTask(id:$t,input:$i){{{FIELDS}}}}}"
DELETE = "mutation($t:ID!){deleteTask(id:$t){id deletedAt}}"
GET = f"query($t:ID!){{getTask(id:$t){{{FIELDS}}}}}"
LIST = (
    "query($f:TaskFilterInput,$s:TaskSort,$n:Int,$a:String)"
    "{getTasks(filter:$f,sort:$s,first:$n,after:$a)"
    "{totalCount nodes{title} edges{cursor} pageInfo{hasNextPage endCursor}}}"
)


def data(answer: Answer, field: str) -> dict[str, Any]:
    assert "errors" not in answer.content, answer.text
    content: dict[str, Any] = answer.content["data"][field]
    return content


def rest(
    function: str,
    caller: Principal,
    body: object = None,
    *,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    encoded: bool = False,
    **path: str,
) -> tuple[int, Any]:
    event = api_event(
        body,
        headers={"Authorization": f"Bearer {token_of(caller)}"} | (headers or {}),
        pathParameters=path or None,
        queryStringParameters=query,
        isBase64Encoded=encoded,
    )
    response = importlib.import_module(f"tasks.{function}").handler(event, CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def upload(caller: Principal, body: str, content_type: str = "text/csv", **more: Any) -> Any:
    headers = {"content-type": content_type} | more.pop("headers", {})
    return rest("upload_tasks", caller, body, headers=headers, **more)


# ------------------------------------------------------------------------ graphql


def test_task_by_graphql_from_creation_to_deletion() -> None:
    owner = a_person()
    token = token_of(owner)
    new = {"title": "Call", "priority": "HIGH", "dueAt": "2026-12-01T18:00:00+01:00"}
    task = data(graphql(CREATE, token=token, i=new | {"labels": ["a"]}), "createTask")
    assert (task["state"], task["priority"], task["labels"]) == ("OPEN", "HIGH", ["a"])
    assert (task["dueAt"], task["ownerId"]) == ("2026-12-01T17:00:00.000Z", owner.user_id)
    assert data(graphql(GET, token=token, t=task["id"]), "getTask") == task
    change = {"version": 1, "state": "DONE", "dueAt": None}
    after = data(graphql(UPDATE, token=token, t=task["id"], i=change), "updateTask")
    assert (after["state"], after["dueAt"], after["version"]) == ("DONE", None, 2)
    stale = graphql(UPDATE, token=token, t=task["id"], i=change)
    assert (stale.code, stale.errors[0]["extensions"]["field"]) == ("CONFLICT", "version")
    assert data(graphql(DELETE, token=token, t=task["id"]), "deleteTask")["id"] == task["id"]
    assert graphql(GET, token=token, t=task["id"]).code == "NOT_FOUND"


def test_tasks_are_listed_with_filter_order_and_cursor() -> None:
    owner = a_person()
    a_task(owner, title="late", due_at="2026-12-09T12:00:00Z")
    a_task(owner, title="soon", due_at="2026-12-01T12:00:00Z")
    a_task(owner, title="done", state="done")
    token = token_of(owner)
    wanted: dict[str, Any] = {"f": {"state": "OPEN"}, "s": "DUE_AT", "n": 1}
    first = data(graphql(LIST, token=token, **wanted), "getTasks")
    assert (first["totalCount"], first["nodes"]) == (2, [{"title": "soon"}])
    after = first["pageInfo"]["endCursor"]
    second = data(graphql(LIST, token=token, a=after, **wanted), "getTasks")
    assert (second["nodes"], second["pageInfo"]["hasNextPage"]) == ([{"title": "late"}], False)
    everything = data(graphql(LIST, token=token), "getTasks")
    assert [each["title"] for each in everything["nodes"]] == ["done", "soon", "late"]


@pytest.mark.parametrize(
    ("query", "variables", "code", "field"),
    [
        (CREATE, {"i": {"title": " "}}, "BAD_USER_INPUT", "title"),
        (CREATE, {"i": {"title": "a", "dueAt": 5}}, "BAD_USER_INPUT", "dueAt"),
        (CREATE, {"i": {"title": "a", "dueAt": {"$gt": ""}}}, "BAD_USER_INPUT", "dueAt"),
        (CREATE, {"i": {"title": "a", "state": None}}, "BAD_USER_INPUT", "state"),
        (CREATE, {"i": {"title": "a", "assigneeId": new_id()}}, "FORBIDDEN", "assigneeId"),
        (UPDATE, {"t": new_id(), "i": {"version": 1}}, "NOT_FOUND", None),
        (LIST, {"f": {"dueBefore": "soon"}}, "BAD_USER_INPUT", "dueBefore"),
        (LIST, {"n": 101}, "BAD_USER_INPUT", "first"),
        (LIST, {"a": "nope"}, "BAD_USER_INPUT", "after"),
        (DELETE, {"t": new_id()}, "NOT_FOUND", None),
    ],
)
def test_refusal_has_its_code_and_field(
    query: str, variables: dict[str, Any], code: str, field: str | None
) -> None:
    answer = graphql(query, token=token_of(a_person()), **variables)
    assert answer.code == code, answer.text
    assert answer.errors[0]["extensions"].get("field") == field
    assert Task.objects.count() == 0


def test_anonymous_caller_gets_nothing() -> None:
    assert graphql(LIST).code == "UNAUTHENTICATED"
    for query in (GET, DELETE):
        assert graphql(query, t=new_id()).code == "UNAUTHENTICATED"


# --------------------------------------------------------------------------- rest


def test_task_by_rest_from_creation_to_deletion() -> None:
    owner = a_person()
    status, envelope = rest("create_task", owner, {"title": "Call", "labels": ["a"]})
    task = envelope["data"]
    assert (status, task["owner_id"], task["state"]) == (201, owner.user_id, "open")
    assert rest("get_task", owner, task_id=task["id"])[1]["data"] == task
    change = {"version": 1, "priority": "urgent"}
    status, envelope = rest("update_task", owner, change, task_id=task["id"])
    assert (status, envelope["data"]["priority"], envelope["data"]["version"]) == (200, "urgent", 2)
    status, envelope = rest("update_task", owner, change, task_id=task["id"])
    assert (status, envelope["error"]["code"]) == (409, "CONFLICT")
    status, envelope = rest("delete_task", owner, task_id=task["id"])
    assert (status, envelope["data"]["id"]) == (200, task["id"])
    assert rest("get_task", owner, task_id=task["id"])[0] == 404


def test_list_by_rest_has_the_position_of_its_page() -> None:
    owner = a_person()
    for priority in ("low", "urgent", "high"):
        a_task(owner, title=priority, priority=priority)
    query = {"sort": "priority", "limit": "2", "state": "open"}
    status, envelope = rest("get_tasks", owner, query=query)
    assert (status, [each["title"] for each in envelope["data"]]) == (200, ["urgent", "high"])
    assert (envelope["meta"]["total"], envelope["meta"]["has_next"]) == (3, True)
    query["after"] = envelope["meta"]["next_cursor"]
    assert [each["title"] for each in rest("get_tasks", owner, query=query)[1]["data"]] == ["low"]


def test_access_by_rest_for_other_assignee_and_operator() -> None:
    owner, assignee, operator = a_person(), a_user(), a_person(Role.OPERATOR)
    task = a_task(owner)
    change = {"version": 1, "assignee_id": assignee.user_id}
    assert rest("update_task", owner, change, task_id=task.id)[0] == 403
    unknown = {"version": 1, "assignee_id": new_id()}
    assert rest("update_task", operator, unknown, task_id=task.id)[0] == 422
    assert rest("update_task", operator, change, task_id=task.id)[0] == 200
    assert rest("delete_task", assignee, task_id=task.id)[0] == 403
    assert rest("delete_task", a_person(), task_id=task.id)[0] == 404
    assert rest("get_task", owner, task_id=task.id)[1]["data"]["version"] == 2


# ------------------------------------------------------------------------- upload


@pytest.mark.parametrize("encoded", [False, True], ids=["plain", "base64"])
def test_file_is_uploaded_as_text_or_base64(encoded: bool) -> None:
    text = "\ufefftitle,state\r\nGröße,done\r\n,done\r\n"
    body = base64.b64encode(text.encode()).decode() if encoded else text
    status, envelope = upload(a_person(), body, encoded=encoded)
    assert status == 200
    assert (envelope["data"]["created"], envelope["data"]["refused"]) == (1, 1)
    assert envelope["data"]["refusals"][0]["row"] == 3
    assert Task.objects.get().title == "Größe"


def test_json_lines_are_uploaded() -> None:
    status, envelope = upload(a_person(), '{"title": "A"}\n[]', "application/x-ndjson")
    assert (status, envelope["data"]["created"], envelope["data"]["refused"]) == (200, 1, 1)


def test_upload_with_a_key_is_handled_once() -> None:
    owner, headers = a_person(), {"idempotency-key": "spring-2026"}
    first = upload(owner, "title\nA", headers=headers)
    assert upload(owner, "title\nA", headers=headers) == first
    assert upload(owner, "title\nA", headers={"idempotency-key": '"spring-2026"'}) == first
    assert upload(owner, "title\nB", headers=headers)[0] == 409
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        ("", "text/csv", {}, 422),
        ("name\nA", "text/csv", {}, 422),
        ("title\nA", "application/json", {}, 415),
        ("title\nA", "text/csv; charset=latin1", {}, 415),
        ("title\nA", "text/csv", {"Idempotency-Key": "a b"}, 400),
        ("title\nA", "text/csv", {"Idempotency-Key": ""}, 400),
        ("title\n" + "A\n" * 20_001, "text/csv", {}, 422),
        ("title\n" + "A" * TaskFile.max_bytes, "text/csv", {}, 413),
    ],
    ids=["empty", "header", "type", "charset", "key", "no key", "rows", "size"],
)
def test_refused_upload_creates_nothing(
    body: str, content_type: str, headers: dict[str, str], status: int
) -> None:
    answered, envelope = upload(a_person(), body, content_type, headers=headers)
    assert (answered, envelope["success"], envelope["data"]) == (status, False, None)
    assert envelope["error"]["code"] in {"BAD_USER_INPUT", "CONFLICT"}
    assert Task.objects.count() == 0


def test_other_bodies_keep_their_limit() -> None:
    status, _ = rest("create_task", a_person(), {"title": "a", "description": "x" * 300_000})
    assert status == 413


# ----------------------------------------------------------------- notifications


def test_assignee_is_notified_once_of_a_task_by_another_person(queues: Queues) -> None:
    operator, assignee = a_person(Role.OPERATOR), a_user()
    new = {"title": "Call {the} carrier", "assignee_id": assignee.user_id}
    _, envelope = rest("create_task", operator, new)
    rest("update_task", assignee, {"version": 1, "state": "done"}, task_id=envelope["data"]["id"])
    rest("create_task", operator, {"title": "Own", "assignee_id": operator.user_id})
    messages = queues.take("notifications", 3)
    handler = importlib.import_module("notifications.notifications").handler
    handler(queues.event_of("notifications", messages), CONTEXT)
    handler(queues.event_of("notifications", messages), CONTEXT)
    told = Notification.objects.get()
    assert (told.user_id, told.kind) == (assignee.user_id, "task.assigned")
    assert "Call {the} carrier" in told.body
    assert told.subject_id == envelope["data"]["id"]
    assert queues.is_empty("failed-messages")


def test_due_date_out_of_range_is_named_by_rest_and_graphql() -> None:
    owner, beyond = a_user(), "9999-12-31T23:59:59-14:00"
    status, envelope = rest("create_task", owner, {"title": "Call", "due_at": beyond})
    assert (status, envelope["error"]["details"][0]["field"]) == (422, "due_at")
    status, envelope = rest("get_tasks", owner, query={"due_before": beyond})
    assert (status, envelope["error"]["details"][0]["field"]) == (422, "due_before")
    answer = graphql(CREATE, token=token_of(owner), i={"title": "Call", "dueAt": beyond})
    (error,) = answer.errors
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "dueAt"}
    assert "out of range" in error["message"]
    assert Task.objects.count() == 0
