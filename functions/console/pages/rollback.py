"""Restore an earlier version of a template, after a page that asks."""

from pages.message_templates import may_change
from tidings.platform.errors import Conflict, Forbidden, RuleRefused
from tidings.platform.inputs.parsing import parsed
from tidings.templates.operations import rollback_template
from tidings.templates.queries import get_template
from tidings.templates.schemas import GetTemplate, RollBackTemplate
from web.views import Redirect, View
from web.visits import Visit


def show(visit: Visit) -> View:
    """Return the page that asks.

    Raises:
        TemplateNotFound: the template or the version does not exist.
        CodeForbidden: it contains a one-time code, and the visitor is no administrator.
    """
    return _question(visit, visit.asked("to"))


def act(visit: Visit) -> View | Redirect:
    """Restore the version. A template that changed meanwhile is shown as it is now.

    Raises:
        Forbidden: it contains a one-time code, and the visitor is no administrator.
    """
    code = visit.path["template_code"]
    given = {name: visit.form.number(name) for name in ("version", "to_version")}
    try:
        changed = rollback_template(code, parsed(RollBackTemplate, given), caller=visit.caller)
    except (Conflict, RuleRefused) as refused:
        return _question(visit, visit.form.one("to_version"), refused.message, refused.status)
    values = {"version": changed.version, "restored": given["to_version"]}
    return Redirect(f"templates/{code}", notice="template_restored", values=values)


def _question(visit: Visit, to: str, refusal: str = "", status: int = 200) -> View:
    wanted = parsed(GetTemplate, {"version": to or 1})
    earlier = get_template(visit.path["template_code"], version=wanted.version, caller=visit.caller)
    allowed = [
        may_change(visit, earlier.code, version)
        for version in (earlier.version, earlier.current_version)
    ]
    if not all(allowed):
        raise CodeForbidden
    values = {"template": earlier, "refusal": refusal}
    title = visit.texts("rollback.title", code=earlier.code)
    return View("rollback.html", title, values, status)


class CodeForbidden(Forbidden):
    def __init__(self) -> None:
        super().__init__("Only administrators change templates with a one-time code.")
