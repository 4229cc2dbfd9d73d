"""Run one GraphQL request: parse, validate, execute, and format errors."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import iscoroutine
from typing import Any, Final

import kept_answers
import persisted
from cost import calls_of, check_cost
from documents import InvalidDocument, valid_document
from executable import executable_schema, path_in_schema
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_operation_ast,
)
from kept_answers import Question
from limits import MAX_BULK_BYTES, MAX_VARIABLES_CHARACTERS, TooComplex, is_for_bulk
from pydantic import BaseModel, ConfigDict, Field, field_validator
from resolvers.caller import GatewayContext

from tidings.platform.caching.generation import Generation
from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import InvalidInput
from tidings.platform.security.auth import Principal
from tidings.platform.settings import settings
from tidings.platform.text.excerpts import excerpt

# The limit for fields that failed while others succeeded.
MAX_FIELD_ERRORS: Final = 100


class GraphQLRequest(BaseModel):
    """The parameters of a request (GraphQL over HTTP, "Request Parameters")."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    query: str | None = Field(None, min_length=1)
    operation_name: str | None = Field(None, alias="operationName")
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None

    @field_validator("variables")
    @classmethod
    def _text_is_unicode(cls, variables: dict[str, Any] | None) -> dict[str, Any] | None:
        """Refuse half a surrogate pair, which databases and responses cannot contain."""
        try:
            json.dumps(variables, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise ValueError("text must be Unicode, and the nesting not too deep") from None
        return variables


# Counts a number of calls, and returns the caller.
Admit = Callable[[int], Principal | None]


class RequestRefused(Exception):
    """The document was not executed."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


class MutationByGet(Exception):
    """A GET request contains a mutation."""


@dataclass(frozen=True)
class Answer:
    """The result of an operation that was executed: its data as JSON, and the errors of fields."""

    data: str
    errors: Sequence[GraphQLError] = ()


def run(
    request: GraphQLRequest,
    context: GatewayContext,
    *,
    read_only: bool,
    admit: Admit | None = None,
) -> Answer:
    """Execute a request, or return the kept answer to it.

    Args:
        admit: counts the request as a number of calls before anything is executed or stored, and
            returns the caller; None if they were admitted before.

    Raises:
        RequestRefused: the document is malformed, invalid, unknown or too complex, or the operation
            or its variables do not match it.
        InvalidInput: there is no query, or the document does not have the given hash.
        MutationByGet: `read_only` is set, and the operation is not a query.
    """
    document = _document(request)
    operation = get_operation_ast(document, request.operation_name)
    if operation is None:
        raise RequestRefused([GraphQLError("Name the operation to run in operationName.")])
    if read_only and operation.operation is not OperationType.QUERY:
        raise MutationByGet
    variables, calls = _check_size(request, document, operation, context.principal)
    if admit is not None:
        context = GatewayContext(admit(calls))
    _keep(request, signed_in=context.principal is not None)
    generation = kept_answers.generation_of(operation, context.principal)
    if generation is None:
        return _answer(_execute(request, document, context))
    question = Question(_text(document), request.operation_name, variables)
    return _kept_or_new(question, generation, lambda: _execute(request, document, context))


def _kept_or_new(
    question: Question, generation: Generation, execute: Callable[[], ExecutionResult]
) -> Answer:
    results: list[ExecutionResult] = []

    def compute() -> str | None:
        result = execute()
        results.append(result)
        if result.errors:
            return None
        data = to_json(result.data)
        return data if len(data) <= kept_answers.MAX_CHARACTERS else None

    data = kept_answers.get(question, generation, compute)
    return _answer(results[0]) if data is None else Answer(data)


def _answer(result: ExecutionResult) -> Answer:
    if result.data is None and _never_started(result):
        raise RequestRefused(result.errors or [])
    return Answer(to_json(result.data), result.errors or ())


def to_json(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def _text(document: DocumentNode) -> str:
    assert document.loc is not None, "parsed with its location"
    return document.loc.source.body


def _document(request: GraphQLRequest) -> DocumentNode:
    """Return the valid document that a request contains or names."""
    named = persisted.named_in(request.extensions)
    if settings().trusted_documents:
        return _valid(_trusted(named, request.query))
    query = request.query if request.query is not None else _load(named)
    if named and request.query is not None:
        persisted.check(named, query)
    return _valid(query)


def _keep(request: GraphQLRequest, *, signed_in: bool) -> None:
    """Store a document that came with its hash, unless only trusted ones run."""
    named = persisted.named_in(request.extensions)
    if named and request.query is not None and not settings().trusted_documents:
        persisted.keep(named, request.query, signed_in=signed_in)


def _valid(query: str) -> DocumentNode:
    try:
        return valid_document(query, introspection=settings().introspection)
    except InvalidDocument as refused:
        raise RequestRefused(refused.errors) from None


def _trusted(named: persisted.PersistedQuery | None, query: str | None) -> str:
    if named is None and query is None:
        raise InvalidInput("Send a query.", field="query")
    if named and query is not None:
        persisted.check(named, query)
    try:
        return persisted.trusted(named, query)
    except persisted.NotTrusted as unknown:
        raise RequestRefused([unknown]) from None


def _load(named: persisted.PersistedQuery | None) -> str:
    if named is None:
        raise InvalidInput("Send a query.", field="query")
    try:
        return persisted.load(named)
    except persisted.NotPersisted as unknown:
        raise RequestRefused([unknown]) from None


def _check_size(
    request: GraphQLRequest,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    principal: Principal | None,
) -> tuple[str, int]:
    """Return the variables as JSON, and the number of calls that the operation counts as.

    Raises:
        RequestRefused: they are too long, or the operation may cost too much.
    """
    variables = json.dumps(request.variables, sort_keys=True)
    try:
        most = MAX_BULK_BYTES if is_for_bulk(principal) else MAX_VARIABLES_CHARACTERS
        if len(variables) > most:
            raise TooComplex(f"The variables are longer than {most} characters.")
        cost = check_cost(executable_schema(), document, operation, request.variables)
    except TooComplex as refused:
        raise RequestRefused([refused]) from None
    return variables, calls_of(cost)


def _execute(
    request: GraphQLRequest, document: DocumentNode, context: GatewayContext
) -> ExecutionResult:
    """Execute the document; start an event loop only if nested fields must be loaded."""
    result = execute(
        executable_schema(),
        document,
        context_value=context,
        variable_values=request.variables,
        operation_name=request.operation_name,
        # The only awaitables here. The default check, at each value, takes longer.
        is_awaitable=iscoroutine,  # type: ignore[arg-type]
        hide_suggestions=not settings().introspection,
    )
    if isinstance(result, ExecutionResult):
        return result
    return asyncio.run(_finish(result))


async def _finish(result: Awaitable[ExecutionResult]) -> ExecutionResult:
    return await result


def format_errors(errors: Sequence[GraphQLError], most: int) -> list[dict[str, Any]]:
    """Return errors for the client: at most `most`, and the number of further ones."""
    shown = [format_error(error) for error in errors[:most]]
    if more := len(errors) - len(shown):
        shown.append({"message": f"and {more} more", "extensions": {"code": "BAD_USER_INPUT"}})
    return shown


def format_error(error: GraphQLError) -> dict[str, Any]:
    """Return an error for the client: with a code, without internal causes."""
    formatted: dict[str, Any] = dict(error.formatted)
    formatted["message"] = excerpt(error.message)
    cause = error.original_error
    if isinstance(error, TooComplex):
        extensions: dict[str, Any] = {"code": "QUERY_TOO_COMPLEX"}
    elif isinstance(error, persisted.NotPersisted | persisted.NotTrusted):
        extensions = {"code": error.code}
    elif cause is None or isinstance(cause, GraphQLError) or error.path is None:
        # Without a path nothing was executed, so a value of the request could not be read.
        extensions = {"code": "BAD_USER_INPUT"}
    else:
        problem = problem_of(cause)
        formatted["message"] = problem.message
        extensions = {"code": problem.code}
        if problem.retry_after is not None:
            extensions["retryAfter"] = problem.retry_after
        if problem.details:
            extensions["field"] = path_in_schema(problem.details[0]["field"])
    return formatted | {"extensions": extensions}


def _never_started(result: ExecutionResult) -> bool:
    """Say whether the variables or the operation did not match: such errors have no path."""
    return all(error.path is None for error in result.errors or [])
