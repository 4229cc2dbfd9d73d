"""Declare a domain function as an operation: who may call it, what it refuses, what it returns.

REST endpoints, GraphQL fields, OpenAPI, the table in docs/api.md and the rights matrix of the tests
follow from this declaration. The role is checked here, so it holds for every caller of the domain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, get_args

from pydantic import BaseModel

from tidings.platform import tracing
from tidings.platform.errors import Forbidden, TidingsError
from tidings.platform.security.auth import Principal, Role, require

if TYPE_CHECKING:
    from tidings.platform.caching.generation import Generation

# The role of an operation that anyone may call. Other operations name the least role.
PUBLIC: Final = None

P = ParamSpec("P")
R = TypeVar("R")


class Whose(StrEnum):
    """The persons whose data an operation may read or change, besides what its role allows."""

    # The role alone decides.
    ANYONES = "anyone's"
    OWN = "the person's own"
    OWN_OR_OPERATOR = "the person's own, or anyone's for operators"
    OWN_OR_ADMIN = "the person's own, or anyone's for administrators"

    def includes(self, caller: Role, *, owner: bool) -> bool:
        """Say whether a caller may use the data, as its owner or as someone else."""
        match self:
            case Whose.ANYONES:
                return True
            case Whose.OWN:
                return owner
            case Whose.OWN_OR_OPERATOR:
                return owner or caller.includes(Role.OPERATOR)
            case Whose.OWN_OR_ADMIN:
                return owner or caller.includes(Role.ADMIN)


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation, with its type without `None`."""

    name: str
    type: Any
    optional: bool

    @property
    def model(self) -> type[BaseModel] | None:
        """The parameter's model, if it takes validated input."""
        is_model = isinstance(self.type, type) and issubclass(self.type, BaseModel)
        return self.type if is_model and self.type is not Principal else None

    @classmethod
    def of(cls, name: str, annotation: Any) -> "Parameter":
        if isinstance(annotation, UnionType):
            kinds = [each for each in get_args(annotation) if each is not NoneType]
            return cls(name, kinds[0] if len(kinds) == 1 else annotation, len(kinds) == 1)
        return cls(name, annotation, optional=False)


@dataclass(frozen=True)
class Operation:
    """What an operation declares.

    Args:
        function: the operation with its check of the role.
        role: the least role that may call; PUBLIC for anyone.
        services: whether services may call, too.
        whose: the persons whose data it reads or changes.
        others: what it raises for the data of other persons.
        refuses: the errors that it raises, besides bad input and missing rights.
        writes: whether it changes anything.
        generation: the generation of the data that it reads, if customers and strangers get the
            same result for the same arguments.
        note: a further condition, for the documents.
    """

    function: Callable[..., Any]
    role: Role | None
    services: bool
    whose: Whose
    others: type[TidingsError]
    refuses: tuple[type[TidingsError], ...]
    writes: bool
    generation: "Generation | None"
    note: str
    parameters: tuple[Parameter, ...]
    returns: Any

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def domain(self) -> str:
        return self.function.__module__.split(".")[1]

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return (self.function.__doc__ or "").partition("\n\n")[0].replace("\n    ", " ").strip()


# The operations whose modules were imported, by name.
OPERATIONS: Final[dict[str, Operation]] = {}


def operation(
    *,
    role: Role | None,
    services: bool = False,
    whose: Whose = Whose.ANYONES,
    others: type[TidingsError] = Forbidden,
    refuses: tuple[type[TidingsError], ...] = (),
    writes: bool = True,
    generation: "Generation | None" = None,
    note: str = "",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a domain function an operation; see `Operation` for the arguments.

    If the operation has a role, the function takes the keyword argument `caller`.

    The operation raises, besides its own errors:
        Unauthenticated: it has a role, and the caller is not signed in.
        Forbidden: the caller's role does not include it.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        annotations = dict(function.__annotations__)
        returns = annotations.pop("return")
        if role is not None and "caller" not in annotations:
            raise TypeError(f"{function.__qualname__} has a role, so it takes a caller")

        @wraps(function)
        def permitted(*args: P.args, **kwargs: P.kwargs) -> R:
            if role is not None:
                caller: Any = kwargs.get("caller")
                require(caller, role, services=services)
            if not tracing.is_on():
                return function(*args, **kwargs)
            with tracing.start_span(function.__name__):
                return function(*args, **kwargs)

        declared = Operation(
            permitted,
            role,
            services,
            whose,
            others,
            refuses,
            writes,
            generation,
            note,
            # `at` is the clock of tests.
            tuple(Parameter.of(*each) for each in annotations.items() if each[0] != "at"),
            returns,
        )
        known = OPERATIONS.setdefault(declared.name, declared)
        if known.domain != declared.domain:
            raise TypeError(f"{known.domain} and {declared.domain} declare {declared.name}")
        permitted.operation = declared  # type: ignore[attr-defined]
        return permitted

    return decorate


def operation_of(function: Callable[..., Any]) -> Operation:
    """Return what an operation declares."""
    declared: Operation = function.operation  # type: ignore[attr-defined]
    return declared
