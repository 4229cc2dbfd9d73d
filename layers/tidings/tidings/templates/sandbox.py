"""Jinja2's sandbox, further restricted: names refer only to given variables."""

import re
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes, pass_context
from jinja2 import filters as jinja_filters
from jinja2.environment import Template
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tidings.platform.errors import TidingsError
from tidings.templates import code_places, filters, grammar
from tidings.templates.errors import (
    BrokenTemplate,
    OutputTooLarge,
    RenderingFailed,
    RenderingTooSlow,
)
from tidings.templates.grammar import Fault

# The limits for rendering one message.
MAX_CHARACTERS: Final = 300_000
MAX_ROUNDS: Final = 2_000
# Processor time of this thread, so that a busy or frozen machine does not break a message.
MAX_SECONDS: Final = 0.5
# Templates cannot use these names.
COUNTED: Final = "_counted"
BUDGET: Final = "_budget"
OF_JINJA: Final = frozenset(
    {"upper", "lower", "capitalize", "trim", "urlencode", "default", "length"}
)


# What jinja2 says of a missing value.
WITHOUT_VALUE: Final = re.compile(r"'[\w.]+ object' has no attribute '(.+)'|'(\w+)' is undefined")


class Budget:
    """The remaining budget of one message, for all its parts together."""

    def __init__(self) -> None:
        self._characters = MAX_CHARACTERS
        self._rounds = MAX_ROUNDS
        self._until = time.thread_time() + MAX_SECONDS

    def spend_characters(self, count: int) -> None:
        """Count output.

        Raises:
            OutputTooLarge: there is too much output.
            RenderingTooSlow: rendering took too long.
        """
        self._characters -= count
        if self._characters < 0:
            raise OutputTooLarge
        self.check_time()

    def spend_round(self) -> None:
        """Count one iteration of a loop.

        Raises:
            RenderingTooSlow: there are too many iterations, or rendering took too long.
        """
        self._rounds -= 1
        if self._rounds < 0:
            raise RenderingTooSlow
        self.check_time()

    def check_time(self) -> None:
        """Check the time limit.

        Raises:
            RenderingTooSlow: rendering took too long.
        """
        if time.thread_time() > self._until:
            raise RenderingTooSlow


class Sandbox(ImmutableSandboxedEnvironment):
    """Compiles and runs the templates that `grammar` allows."""

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=StrictUndefined,
            finalize=filters.finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            # Nothing is computed at compile time, where no budget applies.
            optimized=False,
            cache_size=0,
        )
        self.globals.clear()
        self.tests = {name: self.tests[name] for name in grammar.TESTS}
        self.filters = {name: _timed(jinja_filters.FILTERS[name]) for name in OF_JINJA} | {
            "join": _timed(filters.join),
            "truncate": _timed(filters.truncate),
            "money": filters.money,
            "date": filters.date_of,
            "datetime": filters.datetime_of,
            COUNTED: _counted,
        }
        if html:
            self.filters["button"] = _timed(filters.button)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a part of a given value; attributes of Python objects are not accessible."""
        if isinstance(obj, LoopContext) and attribute in grammar.LOOP_ATTRIBUTES:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a part of a given value."""
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and type(argument) is int and 0 <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


@cache
def sandbox(*, html: bool) -> Sandbox:
    """Return the environment for HTML, which escapes, or for plain text."""
    return Sandbox(html=html)


def faults_in(source: str, known: frozenset[str], *, html: bool) -> list[Fault]:
    """Return the faults of a template's text without running it."""
    try:
        tree = sandbox(html=html).parse(source)
        return list(grammar.faults(tree, known, html=html))
    except TemplateSyntaxError as error:
        return [Fault(error.lineno, error.message or "the syntax is broken")]
    except (RecursionError, ValueError, MemoryError):
        return [Fault(1, "the nesting is too deep, or a number is too long")]


def code_faults_in(source: str, place: str, codes: frozenset[str]) -> list[Fault]:
    """Return the faults in the use of codes of a text without other faults."""
    tree = sandbox(html=place == code_places.HTML).parse(source)
    return list(code_places.faults_in_template(tree, place, codes))


def compiled(source: str, *, html: bool) -> Template:
    """Compile a template without faults."""
    environment = sandbox(html=html)
    tree = environment.parse(source)
    _count_loops(tree, environment)
    code = environment.compile(tree)
    return Template.from_code(environment, code, {})


def run(template: Template, variables: Mapping[str, Any], budget: Budget) -> str:
    """Return a template's output.

    Raises:
        RenderingFailed: rendering costs too much, or a value is missing or does not fit.
    """
    chunks = []
    try:
        for chunk in template.generate({**variables, BUDGET: budget}):
            budget.spend_characters(len(chunk))
            chunks.append(chunk)
    except Exception as error:  # noqa: BLE001 (any error of a value that does not fit)
        failure = _failure(error)
        if isinstance(failure, RenderingFailed):
            failure.line = _line_of(error)
        raise failure from None
    return "".join(chunks)


def _failure(error: Exception) -> TidingsError:
    match error:
        case TidingsError():
            return error
        case UndefinedError() | SecurityError():
            return BrokenTemplate(_reason(error.message or type(error).__name__))
        case _:  # its text may quote the value, so it is not passed on
            return BrokenTemplate(f"A value does not fit ({type(error).__name__}).")


def _reason(message: str) -> str:
    """Return jinja2's message; of a missing value without the names of Python's classes."""
    found = WITHOUT_VALUE.fullmatch(message)
    return f"{found[1] or found[2]} has no value." if found else f"{message}."


def _line_of(error: Exception) -> int | None:
    """Return the template's line in which an error was raised."""
    # Jinja puts frames into the traceback whose line numbers are those of the template.
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if "__jinja_exception__" in frame.f_globals]
    return lines[-1] if lines else None


def _count_loops(tree: nodes.Template, environment: Sandbox) -> None:
    for loop in tree.find_all(nodes.For):
        counted = nodes.Filter(loop.iter, COUNTED, [], [], None, None, lineno=loop.lineno)
        loop.iter = counted.set_environment(environment)


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Check the time limit before a filter runs, because many filters may run without output."""

    @pass_context
    def timed(context: Context, *arguments: Any) -> Any:
        context[BUDGET].check_time()
        return function(*arguments)

    return timed


class _Rounds(list[Any]):
    """A list whose iterations are counted."""

    def __init__(self, values: list[Any], budget: Budget) -> None:
        super().__init__(values)
        self._budget = budget

    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            self._budget.spend_round()
            yield each


@pass_context
def _counted(context: Context, value: Any) -> _Rounds:
    if not isinstance(value, list | None):
        raise BrokenTemplate("A loop needs a list.")
    return _Rounds(value or [], context[BUDGET])
