"""The reference pages of docs/ about settings, errors and retention, from the typed code."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from infra.contracts import retention_page
from tidings.platform import errors
from tidings.platform.errors import NotYet, TidingsError
from tidings.platform.settings import ENVIRONMENT_PREFIX, Settings
from tidings_local.launcher.settings import Settings as LauncherSettings

ROOT: Final = Path(__file__).resolve().parents[2]
DOMAINS: Final = ROOT / "layers/tidings/tidings"
PARAMETER: Final = re.compile(
    rf"^ +{ENVIRONMENT_PREFIX}(\w+): (?:!Ref |!If \[.*!Ref )(\w+)\]?$", re.MULTILINE
)

SETTINGS_INTRODUCTION: Final = """\
# Settings

`make contracts` writes this page from `tidings.platform.settings`, the only place where functions
read their environment. On AWS, parameters of `template.yaml` set the variables; addresses with
passwords, and keys, come from [Secrets Manager](deploy-aws.md) unless a variable has them. On a
laptop the launcher sets them, from [its own settings](launcher-settings.md).

| variable | value | default | parameter | meaning |
|---|---|---|---|---|
"""

LAUNCHER_INTRODUCTION: Final = """\
# Settings of a laptop

`make contracts` writes this page from `tidings_local.launcher.settings`, the only place where the
[launcher](launcher.md) reads its environment. Set these variables in the environment, or as lines
of the file `.env` in the clone's folder; the environment has priority. `make down` and `make up`
apply a change. The stacks of the tests do not read `.env`, so that tests never use a database with
real work in it.

If the URL of a service is set, the launcher checks that it answers, and starts none of its own. It
warns if the Redis of `TIDINGS_REDIS_URL` may evict
([decision 88](decisions/0088-two-redis-services.md)).

| variable | value | default | meaning |
|---|---|---|---|
"""

ERRORS_INTRODUCTION: Final = """\
# Errors

`make contracts` writes this page from the classes of errors. REST answers with the status, and with
`error.code` in the envelope; GraphQL answers with `extensions.code`, and names the field in
`extensions.field`. Programs decide by code and status; messages are for people and may change.

| code | status | meaning |
|---|---|---|
| `INTERNAL` | 500 | An unexpected error; the log has its cause under the answer's correlation id. |
"""

DOMAIN_HEAD: Final = "| error | code | status | meaning or message |\n|---|---|---|---|\n"
GRAPHQL_ONLY: Final = """\

GraphQL has codes of its own: `QUERY_TOO_COMPLEX` for a document beyond the limits of
depth or cost, `PERSISTED_QUERY_NOT_FOUND` for the hash of a document that is not stored, and
`PERSISTED_QUERY_NOT_SUPPORTED` and `DOCUMENT_NOT_TRUSTED`
([the API](api.md#graphql-post-and-get-graphql)).
"""


def pages() -> dict[Path, str]:
    """Return the content of each page by its path."""
    return {
        ROOT / "docs/settings.md": settings_page(),
        ROOT / "docs/launcher-settings.md": launcher_page(),
        ROOT / "docs/errors.md": errors_page(),
        retention_page.FILE: retention_page.page(),
    }


def settings_page() -> str:
    """Return a page with a row for each setting of the functions.

    Raises:
        ValueError: a setting has no description.
    """
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    parameters = {variable.lower(): f"`{name}`" for variable, name in PARAMETER.findall(text)}
    rows = []
    for name, field in Settings.model_fields.items():
        cells = (values_of(field), default_of(field), parameters.get(name, ""))
        rows.append(_row(_variable(name, field), *cells, description(name, field)))
    return SETTINGS_INTRODUCTION + "".join(rows)


def launcher_page() -> str:
    """Return a page with a row for each setting of the launcher.

    Raises:
        ValueError: a setting has no description.
    """
    rows = []
    for name, field in LauncherSettings.model_fields.items():
        cells = (values_of(field), default_of(field), description(name, field))
        rows.append(_row(_variable(name, field), *cells))
    return LAUNCHER_INTRODUCTION + "".join(rows)


def errors_page() -> str:
    """Return a page with the codes, and the errors of each domain."""
    ours = _errors()
    common = [each for each in ours if each.__module__ == errors.__name__ and each is not NotYet]
    page = ERRORS_INTRODUCTION  # NotYet is for consumers alone
    for each in sorted(common, key=lambda each: (each.status, each.code)):
        page += _row(f"`{each.code}`", str(each.status), meaning(each))
    page += GRAPHQL_ONLY
    for domain in sorted({_domain(each) for each in ours} - {"platform"}):
        page += f"\n## {domain.title()}\n\n{DOMAIN_HEAD}"
        for each in ours:
            if _domain(each) == domain:
                page += _row(each.__name__, f"`{each.code}`", str(each.status), meaning(each))
    return page


def meaning(error: type[TidingsError]) -> str:
    """Return the first line of a class's own docstring, or else its message.

    Raises:
        ValueError: the class has neither.
    """
    if own := error.__dict__.get("__doc__"):
        return str(own).strip().splitlines()[0]
    tree = ast.parse(textwrap.dedent(inspect.getsource(error)))
    assigned: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                assigned[name] = value
            case ast.Call(func=ast.Attribute(attr="__init__"), args=[ast.Name(id=name), *_]):
                if name in assigned:
                    return f"“{_message(assigned[name])}”"
            case ast.Call(func=ast.Attribute(attr="__init__"), args=[message, *_]):
                return f"“{_message(message)}”"
    raise ValueError(f"{error.__name__} has neither a docstring nor a message of its own")


def _errors() -> list[type[TidingsError]]:
    """Return the classes that callers can meet, by module and name."""
    for path in DOMAINS.glob("*/errors.py"):
        importlib.import_module(f"tidings.{path.parent.name}.errors")
    found: set[type[TidingsError]] = set()
    waiting = [TidingsError]
    while waiting:
        children = waiting.pop().__subclasses__()
        found.update(children)
        waiting.extend(children)
    ours = (each for each in found if re.fullmatch(r"tidings\.\w+\.errors", each.__module__))
    return sorted(ours, key=lambda each: (each.__module__, each.__name__))


def _domain(error: type[TidingsError]) -> str:
    return error.__module__.split(".")[1]


def _message(node: ast.expr) -> str:
    """Return a message with the names of its values in braces."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_message(part) for part in parts)
        case ast.FormattedValue(value=value):
            return f"{{{ast.unparse(value)}}}"
        case ast.BinOp(left=left, right=right):
            return _message(left) + _message(right)
    return f"{{{ast.unparse(node)}}}"


def _variable(name: str, field: FieldInfo) -> str:
    match field.validation_alias:
        case str(alias):
            return f"`{alias}`"
        case AliasChoices(choices=[*_, str(alias)]):
            return f"`{alias}`"
    return f"`{ENVIRONMENT_PREFIX}{name.upper()}`"


def description(name: str, field: FieldInfo) -> str:
    """Return what a setting is for.

    Raises:
        ValueError: it has no description.
    """
    if not field.description:
        raise ValueError(f"the setting {name} has no description")
    return field.description


def values_of(field: FieldInfo) -> str:
    """Return what a person can set."""
    kind = _without_none(field.annotation)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    name = {str: "text", int: "number", float: "number", bool: "true or false"}[kind]
    bounds = [f"from {each.ge}" for each in field.metadata if hasattr(each, "ge")]
    bounds += [f"to {each.le}" for each in field.metadata if hasattr(each, "le")]
    return " ".join([name, *bounds])


def _without_none(annotation: Any) -> Any:
    """Return the type of the values that a person can set."""
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return annotation
    kinds = [each for each in get_args(annotation) if each is not type(None)]
    return _without_none(kinds[0]) if kinds else annotation


def default_of(field: FieldInfo) -> str:
    """Return a setting's default as it is set."""
    value = field.default
    if field.default_factory is not None:
        value = get_args(field.annotation)[0]  # the first of its values
    if value is None or value == "":
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |\n"
