"""Every operation that can be called declares its callers."""

import json
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from executable import ROOTS, SCHEMA_FILE, executable_schema, operation_of_field, root_resolver
from graphql import DirectiveNode, EnumValueNode, GraphQLObjectType, build_schema
from graphql.execution.values import get_directive_values
from resolvers import ARGUMENTS, NESTED, places
from resolvers.caller import GatewayContext

from infra.contracts.operation_modules import modules
from infra.contracts.schema_roles import schema_with_roles
from tests.contract.project import routes
from tests.unit.platform.builders import CONTEXT, api_event
from tidings.platform.auditing import trail
from tidings.platform.auditing.budget import Budget
from tidings.platform.errors import Unauthenticated
from tidings.platform.operation import Operation
from tidings.platform.security import auth
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage import database

# A new public operation must be added here.
PUBLIC_ROUTES = {
    "POST /api/v1/register",
    "POST /api/v1/verify-email",
    "POST /api/v1/verify-email/resend",
    "POST /api/v1/login",
    "POST /api/v1/refresh",
    "POST /api/v1/password/forgot",
    "POST /api/v1/password/reset",
    "POST /api/v1/service-sessions",
    "GET /api/v1/products",
    "GET /api/v1/products/{product_id}",
    "POST /api/v1/products/{product_id}/stock-subscription",
    # Open to the holder of a signed link, who may not be able to sign in.
    "GET /api/v1/unsubscribe/{token}",
    "POST /api/v1/unsubscribe/{token}",
    "GET /api/v1/stock-notices/{token}",
    "POST /api/v1/stock-notices/{token}",
    "GET /api/v1/opens/{token}",
    "GET /api/v1/clicks/{link}",
    "GET /health",
    "GET /metrics",
    "GET /api/v1/health",
    "GET /health/{domain}",
    "GET /api/v1/health/{domain}",
    "GET /api/v1/openapi.json",
    "GET /.well-known/jwks.json",
    "GET /api/v1/.well-known/jwks.json",
    # Each GraphQL field declares its own role; see below.
    "POST /graphql",
    "GET /graphql",
    "GET /graphql/{file}",
    "OPTIONS /graphql",
    # Each page of the console declares its own role; see tests/integration/console.
    "ANY /console",
    "ANY /console/{proxy+}",
    # The example shop: its files are public, and call the API.
    "GET /shop",
    "GET /shop/{file}",
}
PUBLIC_FIELDS = {
    "Query.getProducts",
    "Mutation.registerUser",
    "Mutation.verifyEmail",
    "Mutation.resendVerification",
    "Mutation.login",
    "Mutation.refreshSession",
    "Mutation.requestPasswordReset",
    "Mutation.resetPassword",
    "Mutation.subscribeToStock",
    "Query.getProduct",
    "Query.getServiceHealth",
}
# These read no request, so no frame declares their role.
FRAMELESS = {"GetJwks", "GetOpenapi", "GetMetrics", "Gateway", "Console", "Shop"}

# These are for browsers and mail programs: a signed link identifies the person.
PAGES = {
    *("GetUnsubscribePage", "Unsubscribe", "OpenMail", "FollowMailLink"),
    *("GetStockNoticePage", "ConfirmStockNotice"),
}

SCHEMA = build_schema(SCHEMA_FILE.read_text())


def declared_role(route: str) -> Role | None:
    function = routes()[route]
    if function.name in FRAMELESS:
        return None
    role: Role | None = function.load().contract.role
    return role


def takes_services(route: str) -> bool:
    function = routes()[route]
    return function.name not in FRAMELESS and bool(function.load().contract.services)


def fields_for_services() -> set[str]:
    """Return the fields that services may use as well."""
    directive = SCHEMA.get_directive("requires")
    assert directive is not None
    return {
        f"{root.name}.{name}"
        for root in (SCHEMA.query_type, SCHEMA.mutation_type)
        if root is not None
        for name, field in root.fields.items()
        if field.ast_node is not None
        and (get_directive_values(directive, field.ast_node) or {}).get("services")
    }


def required_roles() -> dict[str, str | None]:
    """Return the role in `@requires` of each field of Query and Mutation."""
    found: dict[str, str | None] = {}
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            assert field.ast_node is not None
            found[f"{root.name}.{name}"] = _role(field.ast_node.directives)
    return found


def _role(directives: tuple[DirectiveNode, ...] | None) -> str | None:
    for directive in directives or ():
        if directive.name.value == "requires":
            value = next(
                each.value for each in directive.arguments or () if each.name.value == "role"
            )
            assert isinstance(value, EnumValueNode)
            return value.value.lower()
    return None


def test_public_routes_are_exactly_these() -> None:
    assert {route for route in routes() if declared_role(route) is None} == PUBLIC_ROUTES


def test_public_fields_are_exactly_these() -> None:
    assert {name for name, role in required_roles().items() if role is None} == PUBLIC_FIELDS


@pytest.mark.parametrize("field", sorted(set(required_roles()) - PUBLIC_FIELDS))
def test_field_requires_an_existing_role(field: str) -> None:
    assert required_roles()[field] in set(Role)


def operation_behind(field: str) -> Operation:
    """Return the operation of a field such as `Query.getOrder`."""
    root, _, name = field.partition(".")
    return operation_of_field(root, name)


def test_schema_is_up_to_date() -> None:
    assert SCHEMA_FILE.read_text() == schema_with_roles(), "run `make contracts`"


@pytest.mark.parametrize("field", sorted(required_roles()))
def test_schema_has_the_role_of_the_operation(field: str) -> None:
    """`make contracts` writes `@requires` from the operations."""
    operation = operation_behind(field)
    assert required_roles()[field] == operation.role
    assert (field in fields_for_services()) == operation.services
    assert operation.writes == field.startswith("Mutation.")


@pytest.mark.parametrize("route", sorted(routes()))
def test_route_is_that_of_an_operation(route: str) -> None:
    function = routes()[route]
    if function.name in FRAMELESS | PAGES:
        return
    assert function.load().contract.operation is not None


def test_every_field_has_a_route_with_its_operation() -> None:
    served = {
        handler.contract.operation.name
        for function in routes().values()
        if function.name not in FRAMELESS and (handler := function.load()).contract.operation
    }
    fields = {operation_behind(each).name for each in required_roles()}
    # REST returns the count in `meta`, and discards one message at a time. It has no search, and
    # no trial of a template.
    without = {"get_unread_count", "discard_failed_messages", "search", "try_template"}
    assert fields - served == without


def test_services_may_do_exactly_this() -> None:
    # A new operation for services must be added here.
    assert fields_for_services() == {
        "Mutation.sendNotification",
        "Mutation.sendNotifications",
        "Mutation.cancelNotification",
        "Mutation.retractNotification",
        "Mutation.updateNotification",
        "Query.getNotificationStatus",
    }
    assert {route for route in routes() if takes_services(route)} == {
        "POST /api/v1/notifications",
        "POST /api/v1/notifications/bulk",
        "POST /api/v1/notifications/{id}/cancel",
        "POST /api/v1/notifications/{id}/retract",
        "PATCH /api/v1/notifications/{id}",
        "GET /api/v1/notifications/{id}/status",
    }


def test_old_token_does_not_prevent_signing_in() -> None:
    # Such a function must not read the signing keys either, unless it signs.
    blind = {
        route
        for route in PUBLIC_ROUTES
        if routes()[route].name not in FRAMELESS and not routes()[route].load().contract.reads_token
    }
    assert blind == {
        "POST /api/v1/register",
        "POST /api/v1/verify-email/resend",
        "POST /api/v1/login",
        "POST /api/v1/refresh",
        "POST /api/v1/password/forgot",
        "POST /api/v1/password/reset",
        "POST /api/v1/service-sessions",
        "GET /api/v1/unsubscribe/{token}",
        "POST /api/v1/unsubscribe/{token}",
        "GET /api/v1/stock-notices/{token}",
        "POST /api/v1/stock-notices/{token}",
        "GET /api/v1/opens/{token}",
        "GET /api/v1/clicks/{link}",
    }


def test_every_resolver_of_a_root_has_its_field() -> None:
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert root is not None
        assert set(ROOTS[root.name]) <= set(root.fields)
    assert set(ARGUMENTS) <= {field.partition(".")[2] for field in required_roles()}


def test_every_resolver_can_be_bound() -> None:
    """The gateway finds and binds a resolver only when its field is called."""
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert root is not None
        for name, field in root.fields.items():
            assert callable(root_resolver(root.name, name, field))
    for table in (ARGUMENTS, *NESTED.values()):
        assert all(map(callable, table.values()))


def test_modules_of_the_operations_are_up_to_date() -> None:
    assert places.FILE.read_text() == modules(), "run `make contracts`"


@pytest.mark.parametrize("route", sorted(set(routes()) - PUBLIC_ROUTES))
def test_route_refuses_anonymous_and_lesser_callers_first(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)
    recorded: list[dict[str, Any]] = []
    trail_of_refusals = SimpleNamespace(insert_one=recorded.append)
    monkeypatch.setattr(trail, "_entries", lambda: trail_of_refusals)
    monkeypatch.setattr(trail, "REFUSALS_OF_CALLER", Budget(100))
    handler, needed = routes()[route].load(), declared_role(route)
    assert needed is not None
    monkeypatch.setattr("tidings.platform.entry.http.admit_caller", lambda who: who)
    assert handler(api_event(), CONTEXT)["statusCode"] == 401
    headers = {"Authorization": "Bearer token"}
    refused = [each for each in Role if not each.includes(needed)]
    for role in (each for each in refused if each != Role.SERVICE or not takes_services(route)):
        caller = Principal(user_id="somebody", role=role)
        monkeypatch.setattr("tidings.platform.entry.http.authenticated", lambda _, who=caller: who)
        response = handler(api_event("{", headers=headers), CONTEXT)
        assert response["statusCode"] == 403
        assert json.loads(response["body"])["data"] is None
        assert (recorded[-1]["actor_role"], recorded[-1]["code"]) == (role, "FORBIDDEN")


@pytest.mark.parametrize("name", sorted(set(required_roles()) - PUBLIC_FIELDS))
def test_role_of_a_field_is_checked_before_its_resolver_runs(name: str) -> None:
    root, _, field = name.partition(".")
    kind = executable_schema().type_map[root]
    assert isinstance(kind, GraphQLObjectType)
    resolve = kind.fields[field].resolve
    assert resolve is not None
    with pytest.raises(Unauthenticated):
        resolve(None, SimpleNamespace(context=GatewayContext(None)))


def test_roles_of_schema_and_tokens_are_the_same() -> None:
    assert [name.lower() for name in SCHEMA.type_map["Role"].values] == [  # type: ignore[attr-defined]
        role.value for role in get_args(auth.PersonRole)
    ]
