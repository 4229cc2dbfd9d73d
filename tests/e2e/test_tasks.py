"""Tasks, from a file or one by one, to the inbox of their assignees."""

from uuid import uuid4

import httpx
import pytest

from tests.e2e.aws import invoke, rule_event
from tests.e2e.shop import Shop
from tests.waiting import eventually

CREATE = "mutation($i: CreateTaskInput!) { createTask(input: $i) { id version state } }"
UPDATE = "mutation($t: ID!, $i: UpdateTaskInput!) { updateTask(id: $t, input: $i) { version } }"
LIST = """query($f: TaskFilterInput, $s: TaskSort) {
  getTasks(filter: $f, sort: $s, first: 100) { totalCount nodes { id title state } }
}"""


def told(person: Shop, task_id: str) -> list[str]:
    """Return the kinds of the notifications about a task."""
    return [each["kind"] for each in person.inbox_about(task_id)]


def upload(
    person: Shop, content: bytes, key: str, content_type: str = "text/csv"
) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {person.token}",
        "Content-Type": content_type,
        "Idempotency-Key": key,
    }
    url = f"{person.api_url}/api/v1/tasks/upload"
    return person.http.post(url, content=content, headers=headers)


def test_assignee_is_notified_of_a_task_and_of_its_due_time_once_each(
    admin: Shop, customer: Shop
) -> None:
    due_at = "2098-12-31T12:00:00Z"
    new = {"title": "Call the carrier", "assigneeId": customer.user_id, "dueAt": due_at}

    task = admin.graphql(CREATE, i=new)["createTask"]

    eventually(lambda: told(customer, task["id"]) == ["task.assigned"])
    rule = rule_event()
    first, again = (invoke("tidings-remind-due-tasks", rule) for _ in range(2))
    assert first["tasks_announced"] >= 1
    assert again == {"done_before": 1}
    eventually(lambda: told(customer, task["id"]) == ["task.due", "task.assigned"])
    assert told(admin, task["id"]) == []


def test_tasks_of_others_can_neither_be_read_nor_changed(shop: Shop, customer: Shop) -> None:
    task_id = customer.graphql(CREATE, i={"title": "Mine"})["createTask"]["id"]
    stranger = shop.register("Mallory")

    refused = stranger.try_graphql(UPDATE, t=task_id, i={"version": 1, "title": "Stolen"})

    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert stranger.rest("GET", f"/tasks/{task_id}").status_code == 404
    assert stranger.rest("DELETE", f"/tasks/{task_id}").status_code == 404
    assert stranger.graphql(LIST)["getTasks"]["totalCount"] == 0
    assert shop.rest("GET", "/tasks").status_code == 401
    assert customer.rest("GET", f"/tasks/{task_id}").json()["data"]["title"] == "Mine"


def test_change_of_an_old_version_is_a_conflict(customer: Shop) -> None:
    task_id = customer.graphql(CREATE, i={"title": "Mine"})["createTask"]["id"]
    change = {"version": 1, "state": "in_progress"}

    assert customer.rest("PATCH", f"/tasks/{task_id}", change).status_code == 200
    stale = customer.rest("PATCH", f"/tasks/{task_id}", change)

    assert stale.status_code == 409
    assert stale.json()["error"]["details"][0]["field"] == "version"


def test_file_of_tasks_is_uploaded_once_and_its_broken_rows_are_named(customer: Shop) -> None:
    rows = ["title,state,due_at", '"Ink, blue",open,2026-12-01T17:00:00Z', ",open,", "Größe,done,"]
    content, key = b"\xef\xbb\xbf" + "\r\n".join(rows).encode(), str(uuid4())

    answers = [upload(customer, content, key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    report = answers[0].json()["data"]
    assert answers[1].json()["data"] == report
    assert (report["created"], report["refused"]) == (2, 1)
    assert [(each["row"], each["column"]) for each in report["refusals"]] == [(3, "title")]
    listed = customer.graphql(LIST, s="DUE_AT")["getTasks"]
    assert [each["title"] for each in listed["nodes"]] == ["Ink, blue", "Größe"]
    assert upload(customer, b"title\nOther", key).status_code == 409


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/csv"),
        ("utf-8-sig", "text/csv; charset=utf-8"),
        ("utf-16", "text/csv"),
        ("utf-16", "text/csv; charset=utf-16"),
        ("utf-16-le", "text/csv; charset=utf-16le"),
    ],
)
def test_file_of_excel_is_uploaded(encoding: str, content_type: str, customer: Shop) -> None:
    content = "sep=;\r\ntitle;description;;\r\nTüten kaufen;blau;;\r\n;;;\r\nOrdner\r\n"

    answer = upload(customer, content.encode(encoding), str(uuid4()), content_type)

    assert answer.status_code == 200, answer.text
    report = answer.json()["data"]
    assert (report["created"], report["refusals"]) == (2, [])
    listed = customer.graphql(LIST)["getTasks"]["nodes"]
    assert {each["title"] for each in listed} == {"Tüten kaufen", "Ordner"}


def test_upload_has_its_own_limit_and_types(customer: Shop) -> None:
    key = str(uuid4())
    half_a_megabyte = b"title\n" + b"A\n" * 10 + b"\n" * 500_000
    too_large = b"title\n" + b"A" * (5 * 1024 * 1024)

    assert upload(customer, half_a_megabyte, key).json()["data"]["created"] == 10
    assert upload(customer, too_large, str(uuid4())).status_code == 413
    assert upload(customer, b"{}", str(uuid4()), "application/json").status_code == 415
    lines = b'{"title": "A"}\n{"title": "B", "labels": ["x"]}\n'
    answer = upload(customer, lines, str(uuid4()), "application/x-ndjson")
    assert answer.json()["data"]["created"] == 2
