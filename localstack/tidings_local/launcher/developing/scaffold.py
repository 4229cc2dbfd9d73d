"""`make new-operation`, `new-consumer` and `new-rule`: infra/scaffold writes the files.

The generators need the application's code, so they run as a separate program.
"""

from __future__ import annotations

import subprocess

import bootstrap

from ..settings import ROOT, Options, inherited_environment, load_options

ARGUMENTS = {
    "operation": ("domain", "name", "role", "route", "returns", "reads"),
    "consumer": ("domain", "name", "queue", "event"),
    "rule": ("domain", "name", "schedule"),
}
"""The options of each generator."""


def new_operation() -> int:
    return _generate("operation")


def new_consumer() -> int:
    return _generate("consumer")


def new_rule() -> int:
    return _generate("rule")


def _generate(kind: str) -> int:
    words = words_of(kind, load_options())
    bootstrap.ensure("dev")
    environment = inherited_environment() | {"PYTHONPATH": str(ROOT / "layers" / "tidings")}
    command = [str(bootstrap.python_of("dev")), "infra/scaffold/new.py", kind, *words]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def words_of(kind: str, options: Options) -> list[str]:
    """Return the program's arguments: those of the generator that a person gave."""
    given = options.model_dump(include=set(ARGUMENTS[kind]), exclude_defaults=True)
    return [f"{name}={value}" for name, value in given.items()]
