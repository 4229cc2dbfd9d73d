"""Answers about the catalogue, kept in this environment and in Redis until the catalogue changes.

They are the same for customers and strangers, so they are kept by document and variables. Operators
see more, and their answers are computed each time.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Final

from executable import executable_schema, operation_of_field
from graphql import FieldNode, OperationDefinitionNode, OperationType, get_named_type
from resolvers import NESTED

from tidings.platform.caching.cache import ReadThrough
from tidings.platform.caching.generation import Generation
from tidings.platform.retention import in_redis
from tidings.platform.security.auth import Principal, Role

# An environment keeps 13 MB at most, if each character takes four bytes.
MAX_KEPT: Final = 100
MAX_CHARACTERS: Final = 32_000
# Answers in Redis are replaced by those of the next generation; this only frees their memory.
TTL_SECONDS: Final = in_redis.ANSWERS.seconds

ANSWERS: Final = ReadThrough("answer", str, ttl_seconds=TTL_SECONDS)

# Answers with their generation, by question; the ones used last are at the end.
_here: OrderedDict[str, tuple[str, str]] = OrderedDict()


@dataclass(frozen=True)
class Question:
    """The part of a request that determines its answer."""

    document: str
    operation_name: str | None
    # As JSON with sorted keys.
    variables: str

    def digest(self) -> str:
        parts = (self.document, self.operation_name or "", self.variables)
        return sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def generation_of(
    operation: OperationDefinitionNode, principal: Principal | None
) -> Generation | None:
    """Return the generation that an operation's answer belongs to; None if it must not be kept."""
    everyone = principal is None or principal.role is Role.CUSTOMER
    if operation.operation is not OperationType.QUERY or not everyone:
        return None
    generations = {
        _generation_of_field(each.name.value) if isinstance(each, FieldNode) else None
        for each in operation.selection_set.selections
    }
    return generations.pop() if len(generations) == 1 else None


def get(
    question: Question, generation: Generation, compute: Callable[[], str | None]
) -> str | None:
    """Return the kept data of an answer, or compute and keep it.

    Only one environment computes an answer at a time; others wait briefly for it.

    Args:
        compute: returns the data as JSON, or None if it must not be kept.

    Returns:
        The data, or None if `compute` was called and returned None.
    """
    current = generation.current()
    if current is None:
        return compute()
    digest = question.digest()
    known = _here.get(digest)
    if known is not None and known[0] == current:
        _here.move_to_end(digest)
        return known[1]
    data = ANSWERS.get(f"{current}:{digest}", compute)
    if data is not None:
        _keep(digest, current, data)
    return data


def _keep(digest: str, generation: str, data: str) -> None:
    _here[digest] = (generation, data)
    _here.move_to_end(digest)
    while len(_here) > MAX_KEPT:
        _here.popitem(last=False)


@cache
def _generation_of_field(name: str) -> Generation | None:
    """Return the generation of a field of Query, if its operation declares one.

    There is none if a resolver of its own adds other data somewhere below it. Only the operation's
    own domain is imported.
    """
    query = executable_schema().query_type
    assert query is not None
    field = query.fields.get(name)
    if field is None or not NESTED.keys().isdisjoint(_types_below(field.type, set())):
        return None
    return operation_of_field("Query", name).generation


def _types_below(kind: Any, known: set[str]) -> set[str]:
    named = get_named_type(kind)
    if named.name not in known:
        known.add(named.name)
        for field in getattr(named, "fields", {}).values():
            _types_below(field.type, known)
    return known
