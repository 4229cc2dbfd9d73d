"""Resolvers that follow from operations, and the tables of all others.

A field of Query or Mutation calls the operation of its name: `placeOrder` calls `place_order`. The
operation's parameters are taken from the field's arguments:

| parameter | taken from |
|---|---|
| `caller` | the access token |
| `page` | `first` and `after` |
| a model | `input`, `filter`, or the arguments that no other parameter takes |
| the id of a user | `userId`, or the caller |
| any other | the argument of that name, or `id` |

`resolvers/__init__.py` has tables for what differs: ARGUMENTS has the model that checks a field's
arguments, QUERIES and MUTATIONS have resolvers by field, and NESTED has resolvers by type and field
for fields that are not attributes of the domain's result. A resolver is bound at its first call.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import wraps
from typing import Any, Final

from pydantic import BaseModel

from resolvers.caller import Info, caller, person
from resolvers.connection import PageArguments, connection
from tidings.platform.inputs.parsing import parsed
from tidings.platform.operation import Operation, Parameter, operation_of
from tidings.platform.storage.pagination import Page, PageRequest

Resolver = Callable[..., Any]

PAGE: Final = frozenset({"first", "after"})
INPUT: Final = "input"
FILTER: Final = "filter"


@dataclass(frozen=True)
class Given:
    """The arguments of a call, and those that the field's own model has checked."""

    info: Info
    arguments: Mapping[str, Any]
    checked: BaseModel | None = None


# Returns a parameter's value, or ABSENT for its default.
Take = Callable[[Given], Any]
ABSENT: Final = object()


def resolves(function: Callable[..., Any]) -> Callable[[Resolver], Resolver]:
    """Name the operation that a resolver calls; the field's role is the operation's."""

    def decorate(resolver: Resolver) -> Resolver:
        resolver.operation = operation_of(function)  # type: ignore[attr-defined]
        return resolver

    return decorate


def resolver_of(
    operation: Operation, names: Iterable[str], model: type[BaseModel] | None = None
) -> Resolver:
    """Return the resolver of a field.

    Args:
        operation: the operation that the field calls.
        names: the field's arguments, in snake_case.
        model: the model that checks `input`, or the other arguments, if the operation's own models
            do not.

    Raises:
        TypeError: a parameter of the operation can be taken from no argument.
    """
    binding = _Binding(operation, frozenset(names), model)
    takes = {each.name: binding.take(each) for each in operation.parameters}

    @wraps(operation.function)
    def resolve(_source: Any, info: Info, **arguments: Any) -> Any:
        given = Given(info, arguments, binding.check(arguments))
        values = {name: take(given) for name, take in takes.items()}
        wanted = {name: value for name, value in values.items() if value is not ABSENT}
        result = operation.function(**wanted)
        return connection(result) if isinstance(result, Page) else result

    return resolve


@dataclass(frozen=True)
class _Binding:
    """How the parameters of an operation are taken from the arguments of a field."""

    operation: Operation
    names: frozenset[str]
    model: type[BaseModel] | None = None
    # The arguments that parameters take by name; a model without an argument takes all others.
    by_name: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        parameters = {each.name for each in self.operation.parameters}
        object.__setattr__(self, "by_name", parameters | PAGE | {"id"})

    def check(self, arguments: Mapping[str, Any]) -> BaseModel | None:
        if self.model is None:
            return None
        if INPUT in self.names and self._is_of_input(self.model):
            return parsed(self.model, arguments[INPUT])
        fields = {each.alias or name for name, each in self.model.model_fields.items()}
        return parsed(
            self.model, {name: value for name, value in arguments.items() if name in fields}
        )

    def _is_of_input(self, model: type[BaseModel]) -> bool:
        models = [each.model for each in self.operation.parameters if each.model]
        return any(issubclass(model, each) for each in models)

    def take(self, parameter: Parameter) -> Take:
        name, model = parameter.name, parameter.model
        if name == "caller":
            return _principal if parameter.optional else lambda given: caller(given.info)
        if model is not None:
            return self._take_model(model)
        if self.model is not None and name in self.model.model_fields:
            return lambda given: getattr(given.checked, name)
        if isinstance(parameter.type, type) and issubclass(parameter.type, Enum):
            return self._take_enum(name, parameter.type)
        if name == "user_id" and not self._takes_id(name):
            return lambda given: person(given.info, given.arguments.get("user_id"))
        argument = name if name in self.names else "id"
        if argument not in self.names:
            raise TypeError(f"{self.operation.name}: no argument of the field is {name}")
        return lambda given: given.arguments.get(argument)

    def _takes_id(self, name: str) -> bool:
        """Say whether a parameter is taken from `id`: no other one has no argument."""
        others = [
            each
            for each in self.operation.parameters
            if each.name not in {name, "caller"} | self.names and not each.model
        ]
        return name not in self.names and "id" in self.names and not others

    def _take_model(self, model: type[BaseModel]) -> Take:
        if issubclass(model, PageRequest):
            return _page
        if self.model is not None and issubclass(self.model, model):
            return lambda given: given.checked
        for argument in (INPUT, FILTER):
            if argument in self.names:
                return lambda given, name=argument: parsed(
                    model,  # type: ignore[misc]
                    given.arguments.get(name) or {},
                )
        return lambda given: parsed(
            model,
            {
                name: value
                for name, value in given.arguments.items()
                if value is not None and name not in self.by_name
            },
        )

    def _take_enum(self, name: str, kind: type[Enum]) -> Take:
        def take(given: Given) -> Any:
            value = given.arguments.get(name)
            return ABSENT if value is None else kind(value)

        return take


def _principal(given: Given) -> Any:
    return given.info.context.principal


def _page(given: Given) -> PageRequest:
    return parsed(
        PageArguments, {name: value for name, value in given.arguments.items() if name in PAGE}
    )
