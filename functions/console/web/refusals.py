"""The pages about errors."""

from typing import Final

from sessions.current import KeysDoNotFit
from tidings.platform.context import correlation_id
from tidings.platform.entry.http import Answer
from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import TidingsError
from web import answers
from web.forms import ForeignForm
from web.views import View
from web.visits import Visit

# Statuses with texts of their own; others have those of 500 or 400.
TOLD: Final = (400, 401, 403, 404, 429, 500, 503)


def page(visit: Visit, error: Exception) -> Answer:
    """Return the page about an error: what happened, and what to do."""
    problem = problem_of(error)
    key = _key_of(error, problem.status)
    view = View(
        "refusal.html",
        visit.texts(f"refusals.{key}.title"),
        {
            "advice": visit.texts(f"refusals.{key}.advice"),
            "message": problem.message if isinstance(error, TidingsError) else "",
            "correlation": correlation_id() or "",
            "status": problem.status,
        },
        problem.status,
        problem.headers,
    )
    return answers.page(visit, view)


def plain(error: Exception) -> Answer:
    """Return the answer about an error without a template."""
    problem = problem_of(error)
    headers = {"Content-Type": "text/plain; charset=utf-8", **problem.headers}
    return {"statusCode": problem.status, "headers": headers, "body": problem.message}


def _key_of(error: Exception, status: int) -> str:
    if isinstance(error, ForeignForm):
        return "foreign_form"
    if isinstance(error, KeysDoNotFit):
        return "keys_do_not_fit"
    if status in TOLD:
        return str(status)
    return "500" if status >= 500 else "400"
