"""One call of every GraphQL field, for the tests of roles, owners and attacks.

A new field needs a row here. Its outcome for each caller follows from the operation (`rights`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from executable import executable_schema, operation_of_field
from graphql import (
    GraphQLInputType,
    GraphQLObjectType,
    assert_input_object_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

from infra.contracts.examples import EXAMPLES
from tests.integration.gateway.rights import CALLERS, FORBIDDEN, NOT_FOUND, UNAUTHENTICATED, outcome
from tidings.users import codes, session_store
from tidings.users.credentials import version_of

BAD_USER_INPUT: Final = "BAD_USER_INPUT"
# The world's voucher.
VOUCHER_CODE: Final = "WELCOME"


@dataclass(frozen=True)
class World:
    """The data of a test: a product, and a customer with one object of every kind."""

    customer_id: str
    product_id: str
    order_id: str
    task_id: str
    push_token_id: str
    notification_id: str
    failed_message_id: str
    suppression_id: str
    voucher_id: str
    draft_campaign_id: str
    waiting_campaign_id: str
    paused_campaign_id: str

    @property
    def email(self) -> str:
        """The customer's address."""
        return f"{self.customer_id}@example.com"


@dataclass(frozen=True)
class Sample:
    """A document that calls an operation, and its variables in a world.

    `but` contains the outcomes that do not follow from the operation's declaration, by caller.
    """

    document: str
    variables: Callable[[World], dict[str, Any]]
    but: Mapping[str, str] = field(default_factory=dict)


def refresh_token_of(user_id: str) -> str:
    """Start a session of an account, and return its refresh token."""
    started = session_store.start(user_id, version_of(user_id) or 0)
    assert started is not None
    return started.refresh_token


def example_of(model: str) -> Any:
    """Return the example of a body in GraphQL's form."""
    kind = assert_input_object_type(executable_schema().type_map[f"{model}Input"])
    return _as_input(kind, EXAMPLES[model])


def _as_input(kind: GraphQLInputType, value: Any) -> Any:
    if is_non_null_type(kind):
        return _as_input(kind.of_type, value)
    if is_list_type(kind):
        return [_as_input(kind.of_type, each) for each in value]
    if is_input_object_type(kind):
        return {
            name: _as_input(each.type, value[each.out_name])
            for name, each in kind.fields.items()
            if each.out_name in value
        }
    return value.upper() if is_enum_type(kind) else value


def _nothing(_: World) -> dict[str, Any]:
    return {}


# A built-in template and its variables.
TEMPLATE: Final = "promotion"
WORDS: Final[dict[str, Any]] = {
    "description": "A sale.",
    "defaultLanguage": "en",
    "requiredVariables": ["campaign"],
    "optionalVariables": ["voucher"],
    "sampleVariables": {"campaign": "Spring"},
    "variants": [
        {
            "language": "en",
            "email": {"subject": "Sale", "html": "<p>{{ campaign }}</p>", "text": "{{ campaign }}"},
            "inbox": {"title": "Sale", "body": "{{ campaign }}"},
        }
    ],
}

OPERATIONS: Final[dict[str, Sample]] = {
    # --------------------------------------------------------- recommendations
    "Query.getUserRecommendations": Sample(
        "query($userId: ID, $first: Int) { getUserRecommendations(userId: $userId, first: $first)"
        " { computedAt items { score product { id } reason { code text } } } }",
        lambda world: {"userId": world.customer_id, "first": 5},
    ),
    "Query.getUserActivity": Sample(
        "query($userId: ID, $first: Int, $after: String)"
        " { getUserActivity(userId: $userId, first: $first, after: $after)"
        " { nodes { kind items { product { id } } } totalCount } }",
        lambda world: {"userId": world.customer_id, "first": 5, "after": None},
    ),
    "Mutation.logPurchase": Sample(
        "mutation($userId: ID, $input: LogPurchaseInput!)"
        " { logPurchase(userId: $userId, input: $input) { id items { product { id } } } }",
        lambda world: {
            "userId": world.customer_id,
            "input": {
                "items": [{"productId": world.product_id, "quantity": 2}],
                "orderId": "till-3/4711",
                "purchasedAt": "2026-01-20T17:00:00Z",
            },
        },
    ),
    "Mutation.logBrowse": Sample(
        "mutation($userId: ID, $input: LogBrowseInput!)"
        " { logBrowse(userId: $userId, input: $input) { accepted } }",
        lambda world: {
            "userId": world.customer_id,
            "input": {"views": [{"productId": world.product_id, "viewedAt": None}]},
        },
    ),
    # ------------------------------------------------------------------- users
    "Query.me": Sample(
        "query { me { id email orders { totalCount } } }",
        _nothing,
    ),
    "Query.getUser": Sample(
        "query($id: ID!) { getUser(id: $id) { id email orders { totalCount } } }",
        lambda world: {"id": world.customer_id},
    ),
    "Query.getUsers": Sample(
        "query($filter: UserFilterInput, $first: Int, $after: String)"
        " { getUsers(filter: $filter, first: $first, after: $after)"
        " { nodes { id orders { totalCount } } totalCount } }",
        lambda _: {
            "filter": {"search": "example", "role": "CUSTOMER", "verified": False},
            "first": 5,
            "after": None,
        },
    ),
    "Query.getPushTokens": Sample(
        "query($userId: ID) { getPushTokens(userId: $userId) { id device } }",
        lambda world: {"userId": world.customer_id},
    ),
    "Mutation.registerUser": Sample(
        "mutation($input: RegisterUserInput!) { registerUser(input: $input) { email } }",
        lambda _: {
            "input": {
                "email": f"{uuid4().hex}@example.com",
                "password": "correct horse battery",
                "name": "Ada",
            }
        },
    ),
    "Mutation.login": Sample(
        "mutation($input: LoginInput!) { login(input: $input) { accessToken } }",
        lambda _: {"input": {"email": "nobody@example.com", "password": "guess"}},
        but=dict.fromkeys(CALLERS, UNAUTHENTICATED),
    ),
    "Mutation.verifyEmail": Sample(
        "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { message } }",
        lambda world: {
            "input": {
                "email": world.email,
                "code": codes.issue(codes.VERIFICATION, world.customer_id).text,
            }
        },
    ),
    "Mutation.resendVerification": Sample(
        "mutation($email: String!) { resendVerification(email: $email) { message } }",
        lambda world: {"email": world.email},
    ),
    "Mutation.refreshSession": Sample(
        "mutation($refreshToken: String!)"
        " { refreshSession(refreshToken: $refreshToken) { user { id } } }",
        lambda world: {"refreshToken": refresh_token_of(world.customer_id)},
    ),
    "Mutation.logout": Sample(
        "mutation($allSessions: Boolean) { logout(allSessions: $allSessions) { message } }",
        lambda _: {"allSessions": True},
    ),
    "Mutation.requestPasswordReset": Sample(
        "mutation($email: String!) { requestPasswordReset(email: $email) { message } }",
        lambda world: {"email": world.email},
    ),
    "Mutation.resetPassword": Sample(
        "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { message } }",
        lambda world: {
            "input": {
                "email": world.email,
                "code": codes.issue(codes.PASSWORD_RESET, world.customer_id).text,
                "password": "staple battery horse",
            }
        },
    ),
    "Mutation.updateProfile": Sample(
        "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { id name } }",
        lambda _: {"input": {"name": "Ada King"}},
    ),
    "Mutation.updateUserPreferences": Sample(
        "mutation($input: UpdatePreferencesInput!)"
        " { updateUserPreferences(input: $input) { preferences { language } } }",
        lambda _: {
            "input": {
                "promotions": {"email": False},
                "quietHours": {"start": "22:00", "end": "07:00"},
                "timeZone": "Europe/London",
                "language": "en-GB",
                "digest": "DAILY",
            }
        },
    ),
    "Mutation.setUserRole": Sample(
        "mutation($userId: ID!, $role: Role!)"
        " { setUserRole(userId: $userId, role: $role) { role } }",
        lambda world: {"userId": world.customer_id, "role": "OPERATOR"},
    ),
    "Mutation.deleteAccount": Sample(
        "mutation($userId: ID) { deleteAccount(userId: $userId) { message } }",
        lambda world: {"userId": world.customer_id},
    ),
    "Mutation.registerPushToken": Sample(
        "mutation($input: RegisterPushTokenInput!) { registerPushToken(input: $input) { id } }",
        lambda _: {"input": {"platform": "WEB", "token": uuid4().hex, "device": "Browser"}},
    ),
    # The first call finds no number, the second no code; admitted callers get that error.
    "Mutation.requestPhoneVerification": Sample(
        "mutation { requestPhoneVerification { message } }",
        _nothing,
        but=dict.fromkeys(("owner", "other", "operator", "admin"), BAD_USER_INPUT),
    ),
    "Mutation.verifyPhone": Sample(
        "mutation($code: String!) { verifyPhone(code: $code) { message } }",
        lambda _: {"code": "00000000"},
        but=dict.fromkeys(("owner", "other", "operator", "admin"), BAD_USER_INPUT),
    ),
    "Mutation.removePushToken": Sample(
        "mutation($id: ID!) { removePushToken(id: $id) { message } }",
        lambda world: {"id": world.push_token_id},
        # The token is searched among the caller's own.
        but=dict.fromkeys(("other", "operator", "admin"), NOT_FOUND),
    ),
    # ---------------------------------------------------------------- products
    "Query.getProducts": Sample(
        "query($filter: ProductFilterInput, $sort: ProductSort, $first: Int, $after: String)"
        " { getProducts(filter: $filter, sort: $sort, first: $first, after: $after)"
        " { nodes { id } totalCount } }",
        lambda _: {
            "filter": {
                "category": "pens",
                "state": "ACTIVE",
                "currency": "EUR",
                "minPrice": 1,
                "maxPrice": 900,
                "inStock": True,
                "search": "pen",
            },
            "sort": "PRICE_ASC",
            "first": 5,
            "after": None,
        },
    ),
    "Query.getProduct": Sample(
        "query($id: ID!) { getProduct(id: $id) { id stock } }",
        lambda world: {"id": world.product_id},
    ),
    "Query.getStockHistory": Sample(
        "query($productId: ID!, $first: Int, $after: String)"
        " { getStockHistory(productId: $productId, first: $first, after: $after)"
        " { nodes { reason } } }",
        lambda world: {"productId": world.product_id, "first": 5, "after": None},
    ),
    "Query.getBasket": Sample(
        "query { getBasket { state lines { productId } total { amount } } }", _nothing
    ),
    "Mutation.setBasketLine": Sample(
        "mutation($productId: ID!, $input: SetBasketLineInput!)"
        " { setBasketLine(productId: $productId, input: $input) { state } }",
        lambda world: {"productId": world.product_id, "input": {"quantity": 2}},
    ),
    "Mutation.orderBasket": Sample(
        "mutation($input: OrderBasketInput!) { orderBasket(input: $input) { id } }",
        lambda _: {"input": example_of("OrderBasket")},
        # The callers' baskets are empty.
        but=dict.fromkeys(("owner", "other", "operator", "admin"), "CONFLICT"),
    ),
    "Query.getStockSubscriptions": Sample(
        "query($first: Int, $after: String)"
        " { getStockSubscriptions(first: $first, after: $after) { nodes { productId } } }",
        lambda _: {"first": 5, "after": None},
    ),
    "Mutation.subscribeToStock": Sample(
        "mutation($productId: ID!, $input: SubscribeToStockInput!)"
        " { subscribeToStock(productId: $productId, input: $input) { productId state } }",
        lambda world: {"productId": world.product_id, "input": example_of("SubscribeToStock")},
        # The world's product is in stock.
        but=dict.fromkeys(CALLERS, "CONFLICT"),
    ),
    "Mutation.unsubscribeFromStock": Sample(
        "mutation($productId: ID!) { unsubscribeFromStock(productId: $productId) { productId } }",
        lambda world: {"productId": world.product_id},
    ),
    "Mutation.createProduct": Sample(
        "mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }",
        lambda _: {
            "input": {
                "sku": f"S-{uuid4().hex[:12]}",
                "title": "Pen",
                "description": "Writes.",
                "price": {"amount": 100, "currency": "EUR"},
                "attributes": {"nib": "M"},
                "categories": ["pens"],
                "images": ["https://example.com/pen.png"],
                "stock": 3,
                "state": "DRAFT",
            }
        },
    ),
    "Mutation.updateProduct": Sample(
        "mutation($id: ID!, $input: UpdateProductInput!)"
        " { updateProduct(id: $id, input: $input) { id version } }",
        lambda world: {
            "id": world.product_id,
            "input": {
                "version": 1,
                "title": "Pencil",
                "price": {"amount": 50, "currency": "EUR"},
                "state": "RETIRED",
            },
        },
    ),
    "Mutation.adjustStock": Sample(
        "mutation($id: ID!, $input: AdjustStockInput!)"
        " { adjustStock(id: $id, input: $input) { stock } }",
        lambda world: {"id": world.product_id, "input": {"change": -9, "reason": "Broken."}},
    ),
    # ------------------------------------------------------------------ orders
    "Query.getOrder": Sample(
        "query($id: ID!) { getOrder(id: $id) { id customer { email } } }",
        lambda world: {"id": world.order_id},
    ),
    "Query.getOrders": Sample(
        "query($filter: OrderFilter, $first: Int, $after: String)"
        " { getOrders(filter: $filter, first: $first, after: $after) { nodes { id } } }",
        lambda world: {
            "filter": {
                "state": "CONFIRMED",
                "customerId": world.customer_id,
                "createdFrom": "2026-01-01T00:00:00Z",
                "createdBefore": "2030-01-01T00:00:00Z",
                "voucherId": world.voucher_id,
            },
            "first": 5,
            "after": None,
        },
        but={"other": FORBIDDEN},
    ),
    "Query.previewOrder": Sample(
        "query($input: PlaceOrderInput!)"
        " { previewOrder(input: $input) { subtotal { amount } discount { amount } } }",
        lambda world: {
            "input": {
                "items": [{"productId": world.product_id, "quantity": 1}],
                "voucherCode": VOUCHER_CODE,
            }
        },
    ),
    "Mutation.placeOrder": Sample(
        "mutation($input: PlaceOrderInput!, $idempotencyKey: String)"
        " { placeOrder(input: $input, idempotencyKey: $idempotencyKey) { id } }",
        lambda world: {
            "input": {
                "items": [{"productId": world.product_id, "quantity": 1}],
                "voucherCode": VOUCHER_CODE,
            },
            "idempotencyKey": uuid4().hex,
        },
    ),
    "Mutation.cancelOrder": Sample(
        "mutation($id: ID!, $reason: String) { cancelOrder(id: $id, reason: $reason) { state } }",
        lambda world: {"id": world.order_id, "reason": "Ordered twice."},
    ),
    "Mutation.updateOrderStatus": Sample(
        "mutation($input: UpdateOrderStatusInput!) { updateOrderStatus(input: $input) { state } }",
        lambda world: {
            "input": {"orderId": world.order_id, "state": "PAID", "reason": "The money came."}
        },
    ),
    # ---------------------------------------------------------------- vouchers
    "Query.getVoucher": Sample(
        "query($id: ID!) { getVoucher(id: $id) { id code uses } }",
        lambda world: {"id": world.voucher_id},
    ),
    "Query.getVouchers": Sample(
        "query($filter: VoucherFilterInput, $first: Int, $after: String)"
        " { getVouchers(filter: $filter, first: $first, after: $after) { nodes { id } } }",
        lambda _: {"filter": {"code": VOUCHER_CODE, "ended": False}, "first": 5, "after": None},
    ),
    "Mutation.createVoucher": Sample(
        "mutation($input: CreateVoucherInput!) { createVoucher(input: $input) { id } }",
        lambda _: {"input": example_of("CreateVoucher")},
    ),
    "Mutation.updateVoucher": Sample(
        "mutation($id: ID!, $input: UpdateVoucherInput!)"
        " { updateVoucher(id: $id, input: $input) { version } }",
        lambda world: {"id": world.voucher_id, "input": example_of("UpdateVoucher")},
    ),
    # ------------------------------------------------------------------- tasks
    "Query.getTask": Sample(
        "query($id: ID!) { getTask(id: $id) { id title } }",
        lambda world: {"id": world.task_id},
    ),
    "Query.getTasks": Sample(
        "query($filter: TaskFilterInput, $sort: TaskSort, $first: Int, $after: String)"
        " { getTasks(filter: $filter, sort: $sort, first: $first, after: $after)"
        " { nodes { id } totalCount } }",
        lambda world: {
            "filter": {
                "state": "OPEN",
                "priority": "NORMAL",
                "assigneeId": world.customer_id,
                "label": "shipping",
                "dueBefore": "2030-01-01T00:00:00Z",
                "dueAfter": "2026-01-01T00:00:00Z",
                "text": "call",
            },
            "sort": "DUE_AT",
            "first": 5,
            "after": None,
        },
    ),
    "Mutation.createTask": Sample(
        "mutation($input: CreateTaskInput!) { createTask(input: $input) { id } }",
        lambda _: {
            "input": {
                "title": "Call",
                "description": "Today.",
                "state": "OPEN",
                "priority": "HIGH",
                "dueAt": "2029-12-01T17:00:00Z",
                "labels": ["shipping"],
            }
        },
    ),
    "Mutation.updateTask": Sample(
        "mutation($id: ID!, $input: UpdateTaskInput!)"
        " { updateTask(id: $id, input: $input) { version } }",
        lambda world: {
            "id": world.task_id,
            "input": {"version": 1, "title": "Call again", "state": "DONE", "labels": []},
        },
    ),
    "Mutation.deleteTask": Sample(
        "mutation($id: ID!) { deleteTask(id: $id) { id } }",
        lambda world: {"id": world.task_id},
    ),
    # --------------------------------------------------------------- templates
    "Query.getTemplate": Sample(
        "query($code: String!, $version: Int) { getTemplate(code: $code, version: $version)"
        " { code version versions { version } variants { language inbox { title } } } }",
        lambda _: {"code": TEMPLATE, "version": 1},
    ),
    "Query.getTemplates": Sample(
        "query($first: Int, $after: String) { getTemplates(first: $first, after: $after)"
        " { nodes { code channels } totalCount } }",
        lambda _: {"first": 5, "after": None},
    ),
    "Query.previewTemplate": Sample(
        "query($code: String!, $input: PreviewTemplateInput)"
        " { previewTemplate(code: $code, input: $input) { language emailSubject inboxBody } }",
        lambda _: {
            "code": TEMPLATE,
            "input": {"version": 1, "language": "de-AT", "variables": {"campaign": "Spring"}},
        },
    ),
    "Mutation.createTemplate": Sample(
        "mutation($input: CreateTemplateInput!) { createTemplate(input: $input) { code } }",
        lambda _: {"input": {"code": f"sale_{uuid4().hex}"} | WORDS},
    ),
    "Mutation.updateTemplate": Sample(
        "mutation($code: String!, $input: UpdateTemplateInput!)"
        " { updateTemplate(code: $code, input: $input) { version } }",
        lambda _: {"code": TEMPLATE, "input": {"version": 1} | WORDS},
    ),
    "Mutation.rollbackTemplate": Sample(
        "mutation($code: String!, $input: RollBackTemplateInput!)"
        " { rollbackTemplate(code: $code, input: $input) { version restoredFrom } }",
        lambda _: {"code": TEMPLATE, "input": {"version": 1, "toVersion": 1}},
    ),
    # ----------------------------------------------------------- notifications
    "Query.getUserNotifications": Sample(
        "query($userId: ID, $unreadOnly: Boolean, $kind: String, $category: String,"
        " $archived: Boolean, $first: Int, $after: String) {"
        " getUserNotifications(userId: $userId, unreadOnly: $unreadOnly, kind: $kind,"
        " category: $category, archived: $archived, first: $first, after: $after)"
        " { nodes { id } totalCount } }",
        lambda world: {
            "userId": world.customer_id,
            "unreadOnly": True,
            "kind": "order.confirmed",
            "category": "orders",
            "archived": False,
            "first": 5,
            "after": None,
        },
    ),
    "Query.getUnreadCount": Sample(
        "query($userId: ID) { getUnreadCount(userId: $userId) }",
        lambda world: {"userId": world.customer_id},
    ),
    "Mutation.markNotificationRead": Sample(
        "mutation($id: ID!) { markNotificationRead(id: $id) { id readAt } }",
        lambda world: {"id": world.notification_id},
    ),
    # Services read only notifications that they sent; another service sent this one.
    "Query.getNotificationStatus": Sample(
        "query($id: ID!) { getNotificationStatus(id: $id) { id metadata deliveries"
        " { channel status steps { status at } } } }",
        lambda world: {"id": world.notification_id},
        but={"service": NOT_FOUND},
    ),
    "Mutation.sendNotification": Sample(
        "mutation($input: SendNotificationInput!) { sendNotification(input: $input) { id } }",
        lambda world: {
            "input": {
                "notificationType": "EMAIL",
                "userId": world.customer_id,
                "templateCode": "order_status_update",
                "variables": {"order_id": "1", "state": "packed"},
                "requestId": uuid4().hex,
                "priority": "URGENT",
                "metadata": {"station": "4"},
            }
        },
    ),
    "Mutation.sendNotifications": Sample(
        "mutation($input: SendNotificationsInput!) { sendNotifications(input: $input)"
        " { answers { id error { message details { field } } } } }",
        lambda world: {
            "input": {
                "notifications": [
                    {
                        "notificationType": "INBOX",
                        "userId": world.customer_id,
                        "templateCode": "order_status_update",
                        "variables": {"order_id": "1", "state": "packed"},
                        "requestId": uuid4().hex,
                    }
                ]
            }
        },
    ),
    # Services cancel only notifications that they sent; another service sent this one.
    "Mutation.cancelNotification": Sample(
        "mutation($id: ID!) { cancelNotification(id: $id) { id deliveries { status } } }",
        lambda world: {"id": world.notification_id},
        but={"service": NOT_FOUND},
    ),
    "Mutation.retractNotification": Sample(
        "mutation($id: ID!) { retractNotification(id: $id) { id retractedAt } }",
        lambda world: {"id": world.notification_id},
        but={"service": NOT_FOUND},
    ),
    "Mutation.updateNotification": Sample(
        "mutation($id: ID!, $input: UpdateNotificationInput!) {"
        " updateNotification(id: $id, input: $input) { id revision updatedAt } }",
        lambda world: {
            "id": world.notification_id,
            "input": {"revision": 1, "variables": {"order_id": "order-8"}},
        },
        but={"service": NOT_FOUND},
    ),
    "Mutation.markAllNotificationsRead": Sample(
        "mutation($upTo: DateTime) { markAllNotificationsRead(upTo: $upTo) { read more } }",
        lambda _: {"upTo": "2026-11-01T00:00:00Z"},
    ),
    "Mutation.archiveNotification": Sample(
        "mutation($id: ID!) { archiveNotification(id: $id) { id archivedAt } }",
        lambda world: {"id": world.notification_id},
    ),
    "Mutation.unarchiveNotification": Sample(
        "mutation($id: ID!) { unarchiveNotification(id: $id) { id archivedAt } }",
        lambda world: {"id": world.notification_id},
    ),
    "Mutation.deleteNotification": Sample(
        "mutation($id: ID!) { deleteNotification(id: $id) { id } }",
        lambda world: {"id": world.notification_id},
    ),
    # ---------------------------------------------------------------- delivery
    "Query.getSuppressions": Sample(
        "query($filter: SuppressionFilterInput, $first: Int, $after: String) {"
        " getSuppressions(filter: $filter, first: $first, after: $after)"
        " { nodes { id channel reason createdAt liftedAt acts { act by } } totalCount } }",
        lambda world: {
            "filter": {
                "channel": "email",
                "userId": world.customer_id,
                "address": world.email,
                "lifted": False,
            },
            "first": 5,
            "after": None,
        },
    ),
    "Mutation.liftSuppression": Sample(
        "mutation($id: ID!, $reason: String!) {"
        " liftSuppression(id: $id, reason: $reason) { id liftedAt acts { by reason } } }",
        lambda world: {"id": world.suppression_id, "reason": "The mailbox works again."},
    ),
    # -------------------------------------------------------------- monitoring
    "Query.getFailedMessages": Sample(
        "query($filter: FailedMessageFilterInput, $first: Int, $after: String) {"
        " getFailedMessages(filter: $filter, first: $first, after: $after)"
        " { nodes { id payload history { error } acts { by } } totalCount } }",
        lambda world: {
            "filter": {
                "queue": "inventory",
                "type": "order.placed",
                "error": "luck",
                "state": "FAILED",
                "correlationId": "request-1",
                "messageId": "event-1",
                "failedFrom": "2026-01-01T00:00:00Z",
                "failedBefore": "2030-01-01T00:00:00Z",
            },
            "first": 5,
            "after": None,
        },
    ),
    "Query.getAuditTrail": Sample(
        "query($filter: AuditFilterInput, $first: Int, $after: String) {"
        " getAuditTrail(filter: $filter, first: $first, after: $after)"
        " { nodes { id operation outcome targets { kind id } before after } totalCount } }",
        lambda world: {
            "filter": {
                "actorId": world.customer_id,
                "operation": "adjust_stock",
                "targetId": world.product_id,
                "correlationId": "request-1",
                "outcome": "OK",
                "atFrom": "2026-01-01T00:00:00Z",
                "atBefore": "2030-01-01T00:00:00Z",
            },
            "first": 5,
            "after": None,
        },
    ),
    "Query.getQueueStats": Sample(
        "{ getQueueStats { name messages consumers handledPerMinute lagSeconds } }",
        _nothing,
    ),
    "Query.getServiceHealth": Sample(
        "{ getServiceHealth { status services { name up latencyMs } } }",
        _nothing,
    ),
    "Mutation.redriveFailedMessages": Sample(
        "mutation($input: RedriveFailedMessagesInput!) { redriveFailedMessages(input: $input)"
        " { matched rendered outcomes { messages } forecasts { reason } } }",
        lambda world: {
            "input": {
                "ids": [world.failed_message_id],
                "rate": 10,
                "dryRun": True,
                "reason": "The cause is mended.",
            }
        },
    ),
    "Query.getOverview": Sample(
        "{ getOverview { at health { status } orders { state orders } queues { name messages }"
        " functions { function p95Ms } rules { name isLate last { outcome } nextAt }"
        " history { times } } }",
        _nothing,
    ),
    "Query.findPerson": Sample(
        "query($input: FindPersonInput!) { findPerson(input: $input) { id email role"
        " suppression { reason } outlook { category channels { channel status sentence }"
        " messages { kind version notificationId fault { part line sentence } } }"
        " notifications { notificationId channels { channel reason } } orders { id state }"
        " failedMessages { id state } others notes { code } } }",
        lambda world: {"input": {"email": world.email}},
    ),
    "Query.search": Sample(
        "query($text: String!) { search(text: $text) { found { kind id by path } isMore } }",
        lambda world: {"text": world.order_id},
    ),
    "Query.tryTemplate": Sample(
        "query($code: String!, $input: TryTemplateInput) { tryTemplate(code: $code, input: $input)"
        " { notificationId at fault { sentence } preview { inboxTitle } } }",
        lambda _: {"code": "order_confirmed", "input": {"language": "de"}},
    ),
    "Query.explainNotification": Sample(
        "query($id: ID!) { explainNotification(id: $id) { id events { type notifications"
        " { channels { channel sentence } } } steps { at code reason } notes { code } } }",
        lambda world: {"id": world.notification_id},
    ),
    "Query.explainOrder": Sample(
        "query($id: ID!) { explainOrder(id: $id) { id complete steps { code sentence } } }",
        lambda world: {"id": world.order_id},
    ),
    "Mutation.discardFailedMessages": Sample(
        "mutation($input: DiscardFailedMessagesInput!)"
        " { discardFailedMessages(input: $input) { discarded notFailed } }",
        lambda world: {"input": {"ids": [world.failed_message_id], "reason": "Nobody needs it."}},
    ),
    # --------------------------------------------------------------- campaigns
    "Query.getCampaign": Sample(
        "query($id: ID!) { getCampaign(id: $id) { id numbers { sent channels { sent } } } }",
        lambda world: {"id": world.draft_campaign_id},
    ),
    "Query.getCampaigns": Sample(
        "query($filter: CampaignFilterInput, $first: Int, $after: String)"
        " { getCampaigns(filter: $filter, first: $first, after: $after)"
        " { nodes { id numbers { audience } } totalCount } }",
        lambda _: {"filter": {"state": "DRAFT"}, "first": 5, "after": None},
    ),
    "Query.previewCampaign": Sample(
        "query($id: ID!, $language: String)"
        " { previewCampaign(id: $id, language: $language) { audienceSize sample { inboxTitle } } }",
        lambda world: {"id": world.draft_campaign_id, "language": "de"},
    ),
    "Mutation.createCampaign": Sample(
        "mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { id state } }",
        lambda _: {"input": example_of("CreateCampaign")},
    ),
    "Mutation.startCampaign": Sample(
        "mutation($id: ID!) { startCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.draft_campaign_id},
    ),
    "Mutation.pauseCampaign": Sample(
        "mutation($id: ID!) { pauseCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.waiting_campaign_id},
    ),
    "Mutation.resumeCampaign": Sample(
        "mutation($id: ID!) { resumeCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.paused_campaign_id},
    ),
    "Mutation.stopCampaign": Sample(
        "mutation($id: ID!) { stopCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.draft_campaign_id},
    ),
    "Mutation.editCampaign": Sample(
        "mutation($id: ID!, $input: EditCampaignInput!)"
        " { editCampaign(id: $id, input: $input) { id } }",
        lambda world: {"id": world.draft_campaign_id, "input": example_of("EditCampaign")},
    ),
    "Mutation.copyCampaign": Sample(
        "mutation($id: ID!, $input: CopyCampaignInput!)"
        " { copyCampaign(id: $id, input: $input) { id } }",
        lambda world: {"id": world.draft_campaign_id, "input": example_of("CopyCampaign")},
    ),
    "Mutation.sendCampaignTest": Sample(
        "mutation($id: ID!, $input: SendCampaignTestInput!)"
        " { sendCampaignTest(id: $id, input: $input) { requestId } }",
        lambda world: {"id": world.draft_campaign_id, "input": example_of("SendCampaignTest")},
    ),
    "Mutation.chooseCampaignWinner": Sample(
        "mutation($id: ID!, $input: ChooseCampaignWinnerInput!)"
        " { chooseCampaignWinner(id: $id, input: $input) { id } }",
        lambda world: {"id": world.draft_campaign_id, "input": example_of("ChooseCampaignWinner")},
        # A draft waits for no winner.
        but=dict.fromkeys(("operator", "admin"), BAD_USER_INPUT),
    ),
}


def expected_of(name: str, who: str) -> str:
    """Return the outcome of a field's call: OK, or the code of the refusal."""
    root, _, field_name = name.partition(".")
    operation = operation_of_field(root, field_name)
    sample = OPERATIONS[name]
    of_caller = not {"userId", "id"} & set(argument_names(root, field_name))
    return sample.but.get(who) or outcome(operation, who, of_caller=of_caller)


def argument_names(root: str, name: str) -> list[str]:
    """Return the arguments of a field of Query or Mutation."""
    kind = executable_schema().type_map[root]
    assert isinstance(kind, GraphQLObjectType)
    return list(kind.fields[name].args)
