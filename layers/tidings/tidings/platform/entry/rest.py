"""REST endpoints that follow from operations.

The parameters of an operation are taken from the request:

| parameter | taken from |
|---|---|
| `caller` | the access token |
| the id of a user | the path; `me` stands for the caller |
| a model that the query model extends | the query string |
| another model | the body |
| the name of a field of the query or of the headers | that field |
| any other | the path parameter of that name, or the only path parameter |
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import JSON, EndpointContract, LambdaHandler, endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.operation import Operation, Parameter, operation_of
from tidings.platform.storage.pagination import Page

Take = Callable[[Request[Any, Any, Any]], Any]


def rest(
    function: Callable[..., Any],
    *,
    status: int = 200,
    message: str = "",
    query: type[BaseModel] | None = None,
    headers: type[BaseModel] | None = None,
    reads_token: bool = True,
    also_status: Sequence[int] = (),
    media_type: str = JSON,
    reply: Callable[[Any], Reply] | None = None,
) -> LambdaHandler:
    """Return the Lambda handler of an operation; it takes an API Gateway proxy event.

    Args:
        function: the operation.
        status: the status of success.
        message: the envelope's message.
        query: the model of the query string, if it is read.
        headers: the model of the headers that are read; a field's alias is the header's name.
        reads_token: False if the caller does not matter and an expired access token must not
            prevent the call.
        also_status: other statuses than `status` that respond with the operation's result.
        media_type: that of the response; if it is not JSON, `reply` makes a text of the result.
        reply: makes the response of the result, if it is more than the data.
    """
    if operation_of(function).writes:
        # Its calls publish events, so this environment needs the broker's client.
        import_module("tidings.platform.messaging.relay")
    contract = contract_of(
        function,
        status=status,
        query=query,
        headers=headers,
        reads_token=reads_token,
        also_status=also_status,
        media_type=media_type,
    )
    takes = {
        each.name: _taken(each, contract.query, contract.headers)
        for each in operation_of(function).parameters
    }

    def call(request: Request[Any, Any, Any]) -> Reply:
        result = function(**{name: take(request) for name, take in takes.items()})
        if isinstance(result, Page):
            return Reply.of_page(result)
        if reply is not None:
            return reply(result)
        return Reply(result, message=message)

    return endpoint(contract)(call)


def contract_of(
    function: Callable[..., Any],
    *,
    status: int = 200,
    query: type[BaseModel] | None = None,
    headers: type[BaseModel] | None = None,
    reads_token: bool = True,
    also_status: Sequence[int] = (),
    media_type: str = JSON,
) -> EndpointContract:
    """Return the contract of an operation's endpoint; see `rest` for the arguments."""
    declared = operation_of(function)
    return EndpointContract(
        role=declared.role,
        services=declared.services,
        body=_body_of(declared, query),
        query=query,
        headers=headers,
        returns=_data_of(declared.returns) if media_type == JSON else str,
        refusals=declared.refuses,
        status=status,
        reads_token=reads_token,
        also_status=tuple(also_status),
        media_type=media_type,
        operation=declared,
    )


def _body_of(declared: Operation, query: type[BaseModel] | None) -> type[BaseModel] | None:
    models = [each.model for each in declared.parameters if each.model]
    bodies = [each for each in models if not (query and issubclass(query, each))]
    if len(bodies) > 1:
        raise TypeError(f"{declared.name}: which of {bodies} is the body?")
    return bodies[0] if bodies else None


def _data_of(returns: Any) -> Any:
    """Return the type of the envelope's `data`: a page is the list of its items."""
    if get_origin(returns) is Page:
        (item,) = get_args(returns)
        return list[item]  # type: ignore[valid-type]
    return returns


def _taken(
    parameter: Parameter, query: type[BaseModel] | None, headers: type[BaseModel] | None
) -> Take:
    name = parameter.name
    if name == "caller":
        if parameter.optional:
            return lambda request: request.principal
        return lambda request: request.caller
    if parameter.model:
        if query and issubclass(query, parameter.model):
            return lambda request: request.query
        return lambda request: request.body
    if headers and name in headers.model_fields:
        return lambda request: getattr(request.headers, name)
    if query and name in query.model_fields:
        return lambda request: getattr(request.query, name)
    if name == "user_id":
        return lambda request: request.person(_path_name(request, name))
    return lambda request: request.path[_path_name(request, name)]


def _path_name(request: Request[Any, Any, Any], name: str) -> str:
    """Return the path parameter for a parameter; API Gateway may force another name on it."""
    if name in request.path or len(request.path) != 1:
        return name
    return next(iter(request.path))
