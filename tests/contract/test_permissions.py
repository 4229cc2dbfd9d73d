"""Everything that can be called says who may call it."""

import json
from typing import get_args

import pytest
from executable import ROOTS, SCHEMA_FILE, executable_schema
from graphql import DirectiveNode, EnumValueNode, GraphQLObjectType, build_schema
from graphql.execution.values import get_directive_values

from tests.contract.project import routes
from tests.unit.platform.builders import CONTEXT, api_event
from tidings.platform import auth, database
from tidings.platform.auth import Principal, Role

# Whoever adds an operation that anybody may call says so here.
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
    # Whoever holds the signed link, who need not be able to sign in.
    "GET /api/v1/unsubscribe/{token}",
    "POST /api/v1/unsubscribe/{token}",
    "GET /health",
    "GET /metrics",
    "GET /api/v1/health",
    "GET /api/v1/openapi.json",
    "GET /.well-known/jwks.json",
    "GET /api/v1/.well-known/jwks.json",
    # Each field of GraphQL says for itself; see below.
    "POST /graphql",
    "GET /graphql",
    "GET /graphql/{file}",
    "OPTIONS /graphql",
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
    "Query.getProduct",
    "Query.getServiceHealth",
}
# These read no request, so they have no frame to declare it in.
FRAMELESS = {"GetJwks", "GetOpenapi", "GetMetrics", "Gateway"}

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
    """Return the fields that services may use, too."""
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
    """Return what `@requires` says on each field of Query and Mutation."""
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
def test_field_asks_for_a_role_that_exists(field: str) -> None:
    assert required_roles()[field] in set(Role)


def test_twins_ask_for_the_same_role() -> None:
    twins = {
        "Mutation.registerUser": "POST /api/v1/register",
        "Mutation.login": "POST /api/v1/login",
        "Mutation.verifyEmail": "POST /api/v1/verify-email",
        "Mutation.resendVerification": "POST /api/v1/verify-email/resend",
        "Mutation.refreshSession": "POST /api/v1/refresh",
        "Mutation.logout": "POST /api/v1/logout",
        "Mutation.requestPasswordReset": "POST /api/v1/password/forgot",
        "Mutation.resetPassword": "POST /api/v1/password/reset",
        "Mutation.updateProfile": "PATCH /api/v1/users/{user_id}",
        "Mutation.updateUserPreferences": "PUT /api/v1/users/{user_id}/preferences",
        "Mutation.setUserRole": "PUT /api/v1/users/{user_id}/role",
        "Mutation.deleteAccount": "DELETE /api/v1/users/{user_id}",
        "Mutation.registerPushToken": "POST /api/v1/users/{user_id}/push-tokens",
        "Mutation.removePushToken": "DELETE /api/v1/users/{user_id}/push-tokens/{token_id}",
        "Query.getPushTokens": "GET /api/v1/users/{user_id}/push-tokens",
        "Query.getUsers": "GET /api/v1/users",
        "Query.me": "GET /api/v1/users/{user_id}",
        "Query.getUser": "GET /api/v1/users/{user_id}",
        "Mutation.createProduct": "POST /api/v1/products",
        "Mutation.updateProduct": "PATCH /api/v1/products/{product_id}",
        "Mutation.adjustStock": "POST /api/v1/products/{product_id}/stock",
        "Query.getProduct": "GET /api/v1/products/{product_id}",
        "Query.getProducts": "GET /api/v1/products",
        "Query.getStockHistory": "GET /api/v1/products/{product_id}/stock",
        "Mutation.placeOrder": "POST /api/v1/orders",
        "Mutation.cancelOrder": "POST /api/v1/orders/{order_id}/cancel",
        "Mutation.updateOrderStatus": "PUT /api/v1/orders/{order_id}/status",
        "Query.getOrder": "GET /api/v1/orders/{order_id}",
        "Query.getOrders": "GET /api/v1/orders",
        "Query.getTask": "GET /api/v1/tasks/{task_id}",
        "Query.getTasks": "GET /api/v1/tasks",
        "Mutation.createTask": "POST /api/v1/tasks",
        "Mutation.updateTask": "PATCH /api/v1/tasks/{task_id}",
        "Mutation.deleteTask": "DELETE /api/v1/tasks/{task_id}",
        "Mutation.logPurchase": "POST /api/v1/users/{user_id}/purchase",
        "Mutation.logBrowse": "POST /api/v1/users/{user_id}/browse",
        "Query.getUserActivity": "GET /api/v1/users/{user_id}/activity",
        "Query.getUserRecommendations": "GET /api/v1/recommendations/{user_id}",
        "Query.getTemplate": "GET /api/v1/templates/{template_code}",
        "Query.getTemplates": "GET /api/v1/templates",
        "Query.previewTemplate": "POST /api/v1/templates/{template_code}/preview",
        "Mutation.createTemplate": "POST /api/v1/templates",
        "Mutation.updateTemplate": "PUT /api/v1/templates/{template_code}",
        "Mutation.rollbackTemplate": "POST /api/v1/templates/{template_code}/rollback",
        "Query.getCampaign": "GET /api/v1/campaigns/{campaign_id}",
        "Query.getCampaigns": "GET /api/v1/campaigns",
        "Query.previewCampaign": "GET /api/v1/campaigns/{campaign_id}/preview",
        "Mutation.createCampaign": "POST /api/v1/campaigns",
        "Mutation.startCampaign": "POST /api/v1/campaigns/{campaign_id}/start",
        "Mutation.pauseCampaign": "POST /api/v1/campaigns/{campaign_id}/pause",
        "Mutation.resumeCampaign": "POST /api/v1/campaigns/{campaign_id}/resume",
        "Mutation.stopCampaign": "POST /api/v1/campaigns/{campaign_id}/stop",
        "Query.getUserNotifications": "GET /api/v1/notifications/{id}",
        "Query.getUnreadCount": "GET /api/v1/notifications/unread/{user_id}",
        "Query.getNotificationStatus": "GET /api/v1/notifications/{id}/status",
        "Mutation.markNotificationRead": "PUT /api/v1/notifications/read/{notification_id}",
        "Mutation.markAllNotificationsRead": "PUT /api/v1/notifications/read-all/{user_id}",
        "Mutation.archiveNotification": "PUT /api/v1/notifications/archive/{notification_id}",
        "Mutation.unarchiveNotification": "DELETE /api/v1/notifications/archive/{notification_id}",
        "Mutation.deleteNotification": "DELETE /api/v1/notifications/{id}",
        "Mutation.sendNotification": "POST /api/v1/notifications",
        "Mutation.cancelNotification": "POST /api/v1/notifications/{id}/cancel",
        "Query.getSuppressions": "GET /api/v1/suppressions",
        "Mutation.liftSuppression": "DELETE /api/v1/suppressions/{suppression_id}",
        # -------------------------------------------------------------- operations
        "Query.getQueueStats": "GET /api/v1/monitoring/queues",
        "Query.getServiceHealth": "GET /api/v1/health",
        "Query.getFailedMessages": "GET /api/v1/monitoring/failed-messages",
        "Mutation.redriveFailedMessages": "POST /api/v1/monitoring/failed-messages/redrive",
        "Mutation.discardFailedMessages": "DELETE /api/v1/monitoring/failed-messages/{message_id}",
    }
    assert set(twins) == set(required_roles())
    assert {field: declared_role(route) for field, route in twins.items()} == required_roles()


def test_services_may_do_exactly_this() -> None:
    # Whoever lets machines do more says so here.
    assert fields_for_services() == {
        "Mutation.sendNotification",
        "Mutation.cancelNotification",
        "Query.getNotificationStatus",
    }
    assert {route for route in routes() if takes_services(route)} == {
        "POST /api/v1/notifications",
        "POST /api/v1/notifications/{id}/cancel",
        "GET /api/v1/notifications/{id}/status",
    }


def test_who_signs_in_is_not_kept_out_by_an_old_token() -> None:
    # Nor may these read the signing keys, as long as they sign nothing.
    blind = {
        route
        for route in PUBLIC_ROUTES
        if routes()[route].name not in FRAMELESS and not routes()[route].load().contract.reads_token
    }
    assert blind == {
        "POST /api/v1/register",
        "POST /api/v1/verify-email",
        "POST /api/v1/verify-email/resend",
        "POST /api/v1/login",
        "POST /api/v1/refresh",
        "POST /api/v1/password/forgot",
        "POST /api/v1/password/reset",
        "POST /api/v1/service-sessions",
        "GET /api/v1/unsubscribe/{token}",
        "POST /api/v1/unsubscribe/{token}",
    }


def test_every_root_field_has_its_resolver_and_no_other() -> None:
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert root is not None
        assert set(ROOTS[root.name]) == set(root.fields)


@pytest.mark.parametrize("route", sorted(set(routes()) - PUBLIC_ROUTES))
def test_route_refuses_nobody_and_lesser_roles_before_it_does_anything(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)
    handler, needed = routes()[route].load(), declared_role(route)
    assert needed is not None
    assert handler(api_event(), CONTEXT)["statusCode"] == 401
    headers = {"Authorization": "Bearer token"}
    refused = [each for each in Role if not each.includes(needed)]
    for role in (each for each in refused if each != Role.SERVICE or not takes_services(route)):
        caller = Principal(user_id="somebody", role=role)
        monkeypatch.setattr("tidings.platform.http.authenticate", lambda _, who=caller: who)
        response = handler(api_event("{", headers=headers), CONTEXT)
        assert response["statusCode"] == 403
        assert json.loads(response["body"])["data"] is None


def test_guard_of_a_field_stands_before_its_resolver() -> None:
    schema = executable_schema()
    for name, role in required_roles().items():
        root, _, field = name.partition(".")
        kind = schema.type_map[root]
        assert isinstance(kind, GraphQLObjectType)
        guarded = kind.fields[field].resolve is not ROOTS[root][field]
        assert guarded == (role is not None), name


def test_roles_of_the_schema_are_those_of_the_tokens() -> None:
    assert [name.lower() for name in SCHEMA.type_map["Role"].values] == [  # type: ignore[attr-defined]
        role.value for role in get_args(auth.PersonRole)
    ]
