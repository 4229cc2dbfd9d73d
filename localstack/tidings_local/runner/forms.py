"""The JSON messages of LocalStack's plugin to the runner, shared by both sides.

A change has a number, counted from 1 by the LocalStack process that made it. The runner applies
only the next change; otherwise it needs everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tidings_local.lambda_host import Function

Json = dict[str, Any]
Kind = Literal["functions", "settings", "rest_apis"]

FUNCTIONS: Final = "functions"
"""By the ARN of a version."""
SETTINGS: Final = "settings"
"""The settings of all versions of a function: aliases and reserved concurrency. By ARN."""
REST_APIS: Final = "rest_apis"
"""All deployed stages as one list, under `ALL`: see `front_door.deployed`."""
ALL: Final = "all"
KINDS: Final[tuple[Kind, ...]] = (FUNCTIONS, SETTINGS, REST_APIS)

CHANGES_PATH: Final = "/deployed/changes"
SNAPSHOT_PATH: Final = "/deployed"
"""On the runner's socket."""
ASK_PATH: Final = "/_tidings/deployed"
"""On LocalStack: returns everything that is deployed."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new or changed item of a kind, or with the value None a removed one."""

    session: str
    """The id of the LocalStack process."""
    number: int
    kind: Kind
    key: str
    value: Any


@dataclass(slots=True)
class Snapshot:
    """The complete deployment after the change with this number."""

    session: str
    number: int = 0
    items: dict[Kind, dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    def apply(self, kind: Kind, key: str, value: Any) -> None:
        """Set or remove one item."""
        if value is None:
            self.items[kind].pop(key, None)
        else:
            self.items[kind][key] = value


@dataclass(frozen=True, slots=True)
class Alias:
    version: str
    weights: Mapping[str, float] = field(default_factory=dict)
    """The share of calls for another version, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    reserved_concurrency: int | None = None
    aliases: Mapping[str, Alias] = field(default_factory=dict)


_PATHS = ("code_dir", "opt_dir")


def function_form(function: Function) -> Json:
    """Return a function as JSON."""
    form = {name: getattr(function, name) for name in Function.__dataclass_fields__}
    form |= {name: str(form[name]) for name in _PATHS if form[name] is not None}
    form |= {"variables": dict(function.variables)}
    return form | {"platform_variables": dict(function.platform_variables)}


def function_of(form: Json) -> Function:
    """Return the function that `function_form` wrote."""
    return Function(**form | {name: Path(form[name]) for name in _PATHS if form[name] is not None})


def settings_form(settings: FunctionSettings) -> Json:
    """Return a function's settings as JSON."""
    aliases = {
        name: {"version": alias.version, "weights": dict(alias.weights)}
        for name, alias in settings.aliases.items()
    }
    return {"reserved_concurrency": settings.reserved_concurrency, "aliases": aliases}


def settings_of(form: Json) -> FunctionSettings:
    """Return the settings that `settings_form` wrote."""
    aliases = {name: Alias(**alias) for name, alias in form["aliases"].items()}
    return FunctionSettings(form["reserved_concurrency"], aliases)
