"""Declare a domain function as an operation: who may call it, what it refuses, what it returns.

REST endpoints, GraphQL fields, OpenAPI, the table in docs/api.md and the rights matrix of the tests
follow from this declaration. The role is checked here, so it holds for every caller of the domain.
The acts of operators, administrators and services are recorded here, too (`auditing`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, get_args

from pydantic import BaseModel

from tidings.platform import acts, tracing
from tidings.platform.auditing.recording import Recording
from tidings.platform.auditing.targets import Paths, paths_of, targets_in
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
        recording: how the audit trail records its acts; None if it does not.
        targets: what its acts concern: kinds by their places in arguments and result.
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
    recording: Recording | None
    targets: Paths

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

    def check(self, caller: Principal | None) -> None:
        """Refuse a caller that may not call, and record that of a known one.

        Raises:
            Unauthenticated: the caller is not signed in.
            Forbidden: the caller's role does not include the operation's.
        """
        if self.role is None:
            return
        try:
            require(caller, self.role, services=self.services)
        except Forbidden as error:
            assert caller is not None
            from tidings.platform.auditing import trail

            trail.record_refusal(trail.Deed.of(caller, self.name, self.domain), error)
            raise

    def is_recorded(self, caller: Principal | None, arguments: Mapping[str, Any]) -> bool:
        """Say whether the audit trail records this call.

        It records whatever callers above customer change, and what they read about other persons.
        """
        if self.recording is None or caller is None or caller.role is Role.CUSTOMER:
            return False
        if acts.is_acting():  # a part of the act that is being recorded
            return False
        return self.writes or arguments.get("user_id") != caller.user_id


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
    recording: Recording | None = None,
    targets: Mapping[str, str] | None = None,
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

        def traced(*args: P.args, **kwargs: P.kwargs) -> R:
            if not tracing.is_on():
                return function(*args, **kwargs)
            with tracing.start_span(function.__name__):
                return function(*args, **kwargs)

        @wraps(function)
        def permitted(*args: P.args, **kwargs: P.kwargs) -> R:
            caller: Any = kwargs.get("caller")
            declared.check(caller)
            if caller is None or caller.role is Role.CUSTOMER or declared.recording is None:
                return traced(*args, **kwargs)
            return _recorded(declared, traced, args, kwargs)

        # `at` is the clock of tests.
        parameters = tuple(Parameter.of(*each) for each in annotations.items() if each[0] != "at")
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
            parameters,
            returns,
            recording or _recording_of(whose, parameters, writes=writes),
            targets or paths_of([each.name for each in parameters], returns),
        )
        known = OPERATIONS.setdefault(declared.name, declared)
        if known.domain != declared.domain:
            raise TypeError(f"{known.domain} and {declared.domain} declare {declared.name}")
        permitted.operation = declared  # type: ignore[attr-defined]
        return permitted

    return decorate


def _recording_of(
    whose: Whose, parameters: tuple[Parameter, ...], *, writes: bool
) -> Recording | None:
    """Return how an operation is recorded if it does not declare that itself."""
    if writes:
        return Recording.BEGUN_AND_ENDED
    of_others = whose in {Whose.OWN_OR_OPERATOR, Whose.OWN_OR_ADMIN}
    names_person = any(each.name == "user_id" for each in parameters)
    return Recording.ENDED if of_others and names_person else None


def _recorded(
    declared: Operation,
    call: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> R:
    """Make a call, and record it if the audit trail has to."""
    names = (each.name for each in declared.parameters)
    arguments = {**dict(zip(names, args, strict=False)), **kwargs}
    caller: Principal = arguments["caller"]
    if declared.recording is None or not declared.is_recorded(caller, arguments):
        return call(*args, **kwargs)
    from tidings.platform.auditing import trail

    act = acts.Act()
    targets_in(act, declared.targets, arguments)
    with trail.recorded(
        trail.Deed.of(caller, declared.name, declared.domain), act, declared.recording
    ):
        result = call(*args, **kwargs)
        targets_in(act, declared.targets, {"result": result})
    return result


def operation_of(function: Callable[..., Any]) -> Operation:
    """Return what an operation declares."""
    declared: Operation = function.operation  # type: ignore[attr-defined]
    return declared
