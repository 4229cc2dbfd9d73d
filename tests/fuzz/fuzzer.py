"""Fuzz one target with atheris: `python -m tests.fuzz.fuzzer <target> <libFuzzer's options>`.

It runs in a separate process, because instrumented code is slower and a finding ends the process.
"""

import logging
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from tests.fuzz.mutator import changed

# Each target, and the packages whose branches guide the search; more packages make it slower.
TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "cursors": ("tidings",),
    "dead_letters": ("tidings",),
    "event_bodies": ("tidings",),
    "graphql_documents": ("graphql", "execution", "limits", "cost"),
    "product_tables": ("tidings", "tidings_local"),
    "task_files": ("tidings",),
    "template_texts": ("tidings", "jinja2"),
    "tokens": ("tidings", "jwt"),
}
# Processor time for one input of some kilobytes; instrumented code is several times slower.
MAX_SECONDS: Final = 3.0


class Target(Protocol):
    """A decoder of input from outside."""

    # Accepted and refused inputs; the search begins with both.
    TAKEN: Sequence[bytes]
    REFUSED: Sequence[bytes]
    # Words of its language, which the search would not find letter by letter.
    WORDS: Sequence[str]

    def check(self, data: bytes) -> bool:
        """Return whether it accepts an input; fail if it neither accepts nor refuses it."""


def target(name: str) -> Target:
    return cast("Target", import_module(f"tests.fuzz.targets.{name}"))


def main(name: str, options: Sequence[str]) -> None:
    import atheris

    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=TARGETS[name]):
        decoder = target(name)

    def try_out(data: bytes) -> None:
        started = time.thread_time()
        decoder.check(data)
        taken = time.thread_time() - started
        assert taken < MAX_SECONDS, f"it took {taken:.1f} s"

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        found = changed(data, seed)
        return found if found and len(found) <= max_size else atheris.Mutate(data, max_size)

    atheris.Setup([sys.argv[0], *options], try_out, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
