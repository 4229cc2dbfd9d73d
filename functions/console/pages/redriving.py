"""What operators do with failed messages: redrive after a dry run, edit, discard."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pages.failed_messages import FILTERS, filter_of, message_of
from tidings.monitoring.editing import editable_fields
from tidings.monitoring.failed_messages import discard_failed_messages
from tidings.monitoring.redrive import redrive_failed_messages
from tidings.monitoring.schemas import (
    DEFAULT_RATE,
    DiscardFailedMessages,
    RedriveFailedMessages,
    RedriveReport,
)
from tidings.platform.errors import InvalidInput, TidingsError
from tidings.platform.inputs.parsing import parsed
from web.views import Answered, Redirect, View
from web.visits import Visit

LIST: Final = "failed-messages"
SERVER_ERROR: Final = 500
KINDS: Final = {
    "would_be_handled": "good",
    "would_send": "good",
    "malformed": "bad",
    "would_fail": "bad",
}


def without_choice(_visit: Visit) -> Redirect:
    """Lead to the list, where messages are chosen."""
    return Redirect(LIST)


def redrive(visit: Visit) -> Answered:
    """Forecast the redrive of the chosen messages, or make it."""
    chosen = _chosen(visit)
    if chosen is None:
        return Redirect(LIST, notice="none_chosen")
    if visit.form.one("step") != "redrive":
        return _forecast(visit, chosen)
    try:
        wanted = parsed(RedriveFailedMessages, {**chosen, **_asked(visit)})
    except InvalidInput as error:
        return _forecast(visit, chosen, wrong=error)
    done = redrive_failed_messages(wanted, caller=visit.caller)
    return _redriven(LIST, done)


def _redriven(place: str, report: RedriveReport) -> Redirect:
    """Say how many messages were accepted, and what becomes of those that are not sent yet."""
    values = {"number": report.accepted, "sent": report.sent}
    if report.sent < report.accepted:
        return Redirect(place, notice="redriven_later", values=values)
    return Redirect(place, notice="redriven", values=values)


def _chosen(visit: Visit) -> dict[str, Any] | None:
    """Return the chosen messages: their ids, or the filter of the list."""
    ids = visit.form.all("ids")
    if visit.form.one("all"):
        return {"filter": filter_of(visit.form.filled(*FILTERS)).model_dump(exclude_none=True)}
    return {"ids": ids} if ids else None


def _asked(visit: Visit) -> dict[str, Any]:
    reason = {"reason": visit.form.one("reason")} if visit.form.one("reason") else {}
    rate = visit.form.number("rate")
    return {"rate": DEFAULT_RATE if rate == "" else rate, **reason}


def _forecast(
    visit: Visit, chosen: Mapping[str, Any], *, wrong: TidingsError | None = None
) -> View:
    report = redrive_failed_messages(
        parsed(RedriveFailedMessages, {**chosen, "dry_run": True}), caller=visit.caller
    )
    values = {
        "report": report,
        "kinds": KINDS,
        "ids": chosen.get("ids", ()),
        "asked": chosen.get("filter"),
        "rate": visit.form.one("rate") or DEFAULT_RATE,
        "reason": visit.form.one("reason"),
        "wrong": wrong.message if wrong else "",
    }
    title = visit.texts("redrive.title")
    return View("redrive.html", title, values, status=wrong.status if wrong else 200)


def discard(visit: Visit) -> Answered:
    """Ask for the reason of a discard, or discard the chosen messages."""
    ids = visit.form.all("ids")
    if not ids:
        return Redirect(LIST, notice="none_chosen")
    wrong: TidingsError | None = None
    if visit.form.one("step") == "discard":
        try:
            wanted = parsed(DiscardFailedMessages, {"ids": ids, "reason": visit.form.one("reason")})
        except InvalidInput as error:
            wrong = error
        else:
            done = discard_failed_messages(wanted, caller=visit.caller)
            return Redirect(LIST, notice="discarded", values={"number": done.discarded})
    values = {
        "ids": ids,
        "reason": visit.form.one("reason"),
        "wrong": wrong.message if wrong else "",
    }
    title = visit.texts("discard.title")
    return View("discard.html", title, values, status=wrong.status if wrong else 200)


def show_edit(visit: Visit) -> View:
    """Return the form for the fields of a message that may be changed."""
    return _edit(visit)


def edit(visit: Visit) -> Answered:
    """Check changes of a message, or redrive it with them."""
    message = message_of(visit)
    changes = visit.form.filled(*editable_fields(message.type))
    if not changes:
        return _edit(visit, wrong=visit.texts("edit.nothing"), status=400)
    wanted: dict[str, Any] = {
        "ids": (message.id,),
        "changes": json.dumps({"data": changes}),
        **_asked(visit),
    }
    is_check = visit.form.one("step") != "redrive"
    try:
        report = redrive_failed_messages(
            parsed(RedriveFailedMessages, {**wanted, "dry_run": is_check}), caller=visit.caller
        )
    except TidingsError as error:
        if error.status >= SERVER_ERROR:
            raise
        return _edit(visit, wrong=error.message, status=error.status)
    if is_check:
        return _edit(visit, report=report)
    return _redriven(f"{LIST}/{message.id}", report)


def _edit(
    visit: Visit, *, report: RedriveReport | None = None, wrong: str = "", status: int = 200
) -> View:
    message = message_of(visit)
    fields = editable_fields(message.type)
    sent = visit.form.filled(*fields, "reason") if visit.request.method == "POST" else {}
    values = {
        "message": message,
        "fields": fields,
        "sent": sent,
        "report": report,
        "kinds": KINDS,
        "wrong": wrong,
    }
    return View("edit.html", visit.texts("edit.title"), values, status=status)
