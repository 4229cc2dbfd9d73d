"""Write the files of a new operation, consumer or rule: `make new-operation` and the others.

Everything is checked before anything is written. Arguments are `NAME=value`, as behind make.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACTS: Final = (["events/generate.py"], ["infra/contracts/generate.py"])


class Kind(NamedTuple):
    """A generator: its function, and its arguments with an example of each."""

    plan: Callable[..., list[str]]
    required: dict[str, str]
    optional: tuple[str, ...] = ()


def kinds() -> dict[str, Kind]:
    from infra.scaffold.consumer import plan_consumer
    from infra.scaffold.operation import plan_operation
    from infra.scaffold.rule import plan_rule

    return {
        "operation": Kind(
            plan_operation,
            {"domain": "campaigns", "name": "archive_campaign", "role": "operator"},
            ("route", "returns", "reads"),
        ),
        "consumer": Kind(
            plan_consumer,
            {
                "domain": "tasks",
                "name": "note_orders",
                "queue": "order_notes.queue",
                "event": "order.placed",
            },
        ),
        "rule": Kind(
            plan_rule,
            {"domain": "tasks", "name": "archive_tasks", "schedule": "'rate(1 day)'"},
        ),
    }


def main(words: list[str]) -> int:
    """Run one generator; returns the exit status."""
    from infra.scaffold.changes import Changes, Refused

    name, *said = words
    kind = kinds()[name]
    given: dict[str, Any] = dict(word.split("=", 1) for word in said)
    missing = [each.upper() for each in kind.required if not given.get(each)]
    try:
        if missing:
            example = " ".join(f"{key.upper()}={value}" for key, value in kind.required.items())
            raise Refused(f"{', '.join(missing)} missing: make new-{name} {example}")
        if "reads" in given:
            given["reads"] = True
        changes = Changes(ROOT)
        left = kind.plan(changes, **given)
        written = changes.write(then=CONTRACTS)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\nNothing was written.\n")
        return 1
    sys.stdout.write("".join(f"wrote {path}\n" for path in written))
    sys.stdout.write("".join(["Left to do:\n", *(f"  {step}\n" for step in left)]))
    return 0


if __name__ == "__main__":
    # For a program started as a file, Python searches modules in this folder, not in the project's.
    folders = (".", "layers/tidings", "functions", "gateway", "events")
    sys.path[:0] = [str(ROOT / each) for each in folders]
    sys.exit(main(sys.argv[1:]))
