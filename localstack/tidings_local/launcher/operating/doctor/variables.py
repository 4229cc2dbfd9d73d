"""Check the settings: variables of the environment and of `.env` that nothing reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from tidings_local.service.settings import ENVIRONMENT_PREFIX

from ...settings import ARGUMENT_PREFIX, ROOT, Settings, environment_of_launcher
from .finding import Finding, listed, ok, warn
from .installation import Installation

ENV_FILE = ROOT / ".env"
OF_BOOTSTRAP = "TIDINGS_PYTHON"
"""Read before the launcher starts."""


def check_variables(_installation: Installation) -> Finding:
    """Find variables that no setting has: most are misspelled, and have no effect."""
    return variables_finding(ENV_FILE, environment_of_launcher())


def variables_finding(file: Path, environment: Mapping[str, str]) -> Finding:
    in_file = dotenv_values(file) if file.is_file() else {}
    unknown = [*unknown_in(in_file), *unknown_in(environment)]
    if unknown:
        told = listed(f"{name}{_meant(name)}" for name in dict.fromkeys(unknown))
        return warn(f"no setting has this name: {told}", "see docs/launcher-settings.md")
    return ok(f"{len(in_file)} variables in .env" if in_file else "no .env, no unknown variable")


def unknown_in(names: Iterable[str]) -> list[str]:
    known = known_variables()
    return sorted(
        name
        for name in names
        if name.startswith(ENVIRONMENT_PREFIX)
        and not name.startswith(ARGUMENT_PREFIX)
        and name not in known
    )


def known_variables() -> set[str]:
    """Return the names of all variables that the launcher reads."""
    fields = Settings.model_fields.items()
    return {OF_BOOTSTRAP} | {each for name, field in fields for each in _names_of(name, field)}


def _names_of(name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(each) for each in alias.choices]
    return [str(alias)] if alias else [f"{ENVIRONMENT_PREFIX}{name.upper()}"]


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, known_variables(), n=1)
    return f" ({close[0]}?)" if close else ""
