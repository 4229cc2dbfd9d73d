"""Every GraphQL operation with a call of it, and what comes of it for whom.

A new operation gets a row here: the matrix of roles and owners, and the attacks, read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from tidings.users import codes, session_store

OK: Final = "ok"
NOBODY: Final = "UNAUTHENTICATED"
FORBIDDEN: Final = "FORBIDDEN"
NOT_FOUND: Final = "NOT_FOUND"


@dataclass(frozen=True)
class World:
    """What there is: a product, and a customer with one of everything."""

    customer_id: str
    product_id: str
    order_id: str
    task_id: str
    push_token_id: str
    notification_id: str
    failed_message_id: str
    suppression_id: str
    draft_campaign_id: str
    waiting_campaign_id: str
    paused_campaign_id: str

    @property
    def email(self) -> str:
        """The customer's address."""
        return f"{self.customer_id}@example.com"


@dataclass(frozen=True)
class Operation:
    """A document, its variables in a world, and the outcome for each caller."""

    document: str
    variables: Callable[[World], dict[str, Any]]
    stranger: str
    owner: str
    other: str
    operator: str
    admin: str
    # A machine: what is not for it, it may not.
    service: str = FORBIDDEN


def _nothing(_: World) -> dict[str, Any]:
    return {}


def _of(
    stranger: str, owner: str, other: str, operator: str, admin: str, service: str = FORBIDDEN
) -> dict[str, str]:
    return {
        "stranger": stranger,
        "owner": owner,
        "other": other,
        "operator": operator,
        "admin": admin,
        "service": service,
    }


PUBLIC: Final = _of(OK, OK, OK, OK, OK, OK)
SIGNED_IN: Final = _of(NOBODY, OK, OK, OK, OK)
OPERATORS: Final = _of(NOBODY, FORBIDDEN, FORBIDDEN, OK, OK)
ADMINS: Final = _of(NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, OK)
OWN_OR_OPERATORS: Final = _of(NOBODY, OK, FORBIDDEN, OK, OK)
# Of somebody else's nobody learns that it is there.
HIDDEN: Final = _of(NOBODY, OK, NOT_FOUND, OK, OK)
OWN: Final = _of(NOBODY, OK, NOT_FOUND, NOT_FOUND, NOT_FOUND)

# A built-in template, and what a template needs.
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

OPERATIONS: Final[dict[str, Operation]] = {
    # --------------------------------------------------------- recommendations
    "Query.getUserRecommendations": Operation(
        "query($userId: ID, $first: Int) { getUserRecommendations(userId: $userId, first: $first)"
        " { computedAt items { score product { id } reason { code text } } } }",
        lambda world: {"userId": world.customer_id, "first": 5},
        **OWN_OR_OPERATORS,
    ),
    "Query.getUserActivity": Operation(
        "query($userId: ID, $first: Int, $after: String)"
        " { getUserActivity(userId: $userId, first: $first, after: $after)"
        " { nodes { kind items { product { id } } } totalCount } }",
        lambda world: {"userId": world.customer_id, "first": 5, "after": None},
        **OWN_OR_OPERATORS,
    ),
    "Mutation.logPurchase": Operation(
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
        **OWN_OR_OPERATORS,
    ),
    "Mutation.logBrowse": Operation(
        "mutation($userId: ID, $input: LogBrowseInput!)"
        " { logBrowse(userId: $userId, input: $input) { accepted } }",
        lambda world: {
            "userId": world.customer_id,
            "input": {"views": [{"productId": world.product_id, "viewedAt": None}]},
        },
        **OWN_OR_OPERATORS,
    ),
    # ------------------------------------------------------------------- users
    "Query.me": Operation("query { me { id email orders { totalCount } } }", _nothing, **SIGNED_IN),
    "Query.getUser": Operation(
        "query($id: ID!) { getUser(id: $id) { id email orders { totalCount } } }",
        lambda world: {"id": world.customer_id},
        **OWN_OR_OPERATORS,
    ),
    "Query.getUsers": Operation(
        "query($filter: UserFilterInput, $first: Int, $after: String)"
        " { getUsers(filter: $filter, first: $first, after: $after)"
        " { nodes { id orders { totalCount } } totalCount } }",
        lambda _: {
            "filter": {"search": "example", "role": "CUSTOMER", "verified": False},
            "first": 5,
            "after": None,
        },
        **OPERATORS,
    ),
    "Query.getPushTokens": Operation(
        "query($userId: ID) { getPushTokens(userId: $userId) { id device } }",
        lambda world: {"userId": world.customer_id},
        **OWN_OR_OPERATORS,
    ),
    "Mutation.registerUser": Operation(
        "mutation($input: RegisterUserInput!) { registerUser(input: $input) { email } }",
        lambda _: {
            "input": {
                "email": f"{uuid4().hex}@example.com",
                "password": "correct horse battery",
                "name": "Ada",
            }
        },
        **PUBLIC,
    ),
    "Mutation.login": Operation(
        "mutation($input: LoginInput!) { login(input: $input) { accessToken } }",
        lambda _: {"input": {"email": "nobody@example.com", "password": "guess"}},
        **_of(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY),
    ),
    "Mutation.verifyEmail": Operation(
        "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { message } }",
        lambda world: {
            "input": {
                "email": world.email,
                "code": codes.issue(codes.VERIFICATION, world.customer_id).text,
            }
        },
        **PUBLIC,
    ),
    "Mutation.resendVerification": Operation(
        "mutation($email: String!) { resendVerification(email: $email) { message } }",
        lambda world: {"email": world.email},
        **PUBLIC,
    ),
    "Mutation.refreshSession": Operation(
        "mutation($refreshToken: String!)"
        " { refreshSession(refreshToken: $refreshToken) { user { id } } }",
        lambda world: {"refreshToken": session_store.start(world.customer_id).refresh_token},
        **PUBLIC,
    ),
    "Mutation.logout": Operation(
        "mutation($allSessions: Boolean) { logout(allSessions: $allSessions) { message } }",
        lambda _: {"allSessions": True},
        **SIGNED_IN,
    ),
    "Mutation.requestPasswordReset": Operation(
        "mutation($email: String!) { requestPasswordReset(email: $email) { message } }",
        lambda world: {"email": world.email},
        **PUBLIC,
    ),
    "Mutation.resetPassword": Operation(
        "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { message } }",
        lambda world: {
            "input": {
                "email": world.email,
                "code": codes.issue(codes.PASSWORD_RESET, world.customer_id).text,
                "password": "staple battery horse",
            }
        },
        **PUBLIC,
    ),
    "Mutation.updateProfile": Operation(
        "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { id name } }",
        lambda _: {"input": {"name": "Ada King"}},
        **SIGNED_IN,
    ),
    "Mutation.updateUserPreferences": Operation(
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
        **SIGNED_IN,
    ),
    "Mutation.setUserRole": Operation(
        "mutation($userId: ID!, $role: Role!)"
        " { setUserRole(userId: $userId, role: $role) { role } }",
        lambda world: {"userId": world.customer_id, "role": "OPERATOR"},
        **ADMINS,
    ),
    "Mutation.deleteAccount": Operation(
        "mutation($userId: ID) { deleteAccount(userId: $userId) { message } }",
        lambda world: {"userId": world.customer_id},
        **_of(NOBODY, OK, FORBIDDEN, FORBIDDEN, OK),
    ),
    "Mutation.registerPushToken": Operation(
        "mutation($input: RegisterPushTokenInput!) { registerPushToken(input: $input) { id } }",
        lambda _: {"input": {"platform": "WEB", "token": uuid4().hex, "device": "Browser"}},
        **SIGNED_IN,
    ),
    "Mutation.removePushToken": Operation(
        "mutation($id: ID!) { removePushToken(id: $id) { message } }",
        lambda world: {"id": world.push_token_id},
        **OWN,
    ),
    # ---------------------------------------------------------------- products
    "Query.getProducts": Operation(
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
        **PUBLIC,
    ),
    "Query.getProduct": Operation(
        "query($id: ID!) { getProduct(id: $id) { id stock } }",
        lambda world: {"id": world.product_id},
        **PUBLIC,
    ),
    "Query.getStockHistory": Operation(
        "query($productId: ID!, $first: Int, $after: String)"
        " { getStockHistory(productId: $productId, first: $first, after: $after)"
        " { nodes { reason } } }",
        lambda world: {"productId": world.product_id, "first": 5, "after": None},
        **OPERATORS,
    ),
    "Mutation.createProduct": Operation(
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
        **ADMINS,
    ),
    "Mutation.updateProduct": Operation(
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
        **OPERATORS,
    ),
    "Mutation.adjustStock": Operation(
        "mutation($id: ID!, $input: AdjustStockInput!)"
        " { adjustStock(id: $id, input: $input) { stock } }",
        lambda world: {"id": world.product_id, "input": {"change": -9, "reason": "Broken."}},
        **OPERATORS,
    ),
    # ------------------------------------------------------------------ orders
    "Query.getOrder": Operation(
        "query($id: ID!) { getOrder(id: $id) { id customer { email } } }",
        lambda world: {"id": world.order_id},
        **HIDDEN,
    ),
    "Query.getOrders": Operation(
        "query($filter: OrderFilter, $first: Int, $after: String)"
        " { getOrders(filter: $filter, first: $first, after: $after) { nodes { id } } }",
        lambda world: {
            "filter": {
                "state": "CONFIRMED",
                "customerId": world.customer_id,
                "createdFrom": "2026-01-01T00:00:00Z",
                "createdBefore": "2030-01-01T00:00:00Z",
            },
            "first": 5,
            "after": None,
        },
        **OWN_OR_OPERATORS,
    ),
    "Mutation.placeOrder": Operation(
        "mutation($input: PlaceOrderInput!, $idempotencyKey: String)"
        " { placeOrder(input: $input, idempotencyKey: $idempotencyKey) { id } }",
        lambda world: {
            "input": {"items": [{"productId": world.product_id, "quantity": 1}]},
            "idempotencyKey": uuid4().hex,
        },
        **SIGNED_IN,
    ),
    "Mutation.cancelOrder": Operation(
        "mutation($id: ID!, $reason: String) { cancelOrder(id: $id, reason: $reason) { state } }",
        lambda world: {"id": world.order_id, "reason": "Ordered twice."},
        **HIDDEN,
    ),
    "Mutation.updateOrderStatus": Operation(
        "mutation($input: UpdateOrderStatusInput!) { updateOrderStatus(input: $input) { state } }",
        lambda world: {
            "input": {"orderId": world.order_id, "state": "PAID", "reason": "The money came."}
        },
        **OPERATORS,
    ),
    # ------------------------------------------------------------------- tasks
    "Query.getTask": Operation(
        "query($id: ID!) { getTask(id: $id) { id title } }",
        lambda world: {"id": world.task_id},
        **HIDDEN,
    ),
    "Query.getTasks": Operation(
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
        **SIGNED_IN,
    ),
    "Mutation.createTask": Operation(
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
        **SIGNED_IN,
    ),
    "Mutation.updateTask": Operation(
        "mutation($id: ID!, $input: UpdateTaskInput!)"
        " { updateTask(id: $id, input: $input) { version } }",
        lambda world: {
            "id": world.task_id,
            "input": {"version": 1, "title": "Call again", "state": "DONE", "labels": []},
        },
        **HIDDEN,
    ),
    "Mutation.deleteTask": Operation(
        "mutation($id: ID!) { deleteTask(id: $id) { id } }",
        lambda world: {"id": world.task_id},
        **HIDDEN,
    ),
    # --------------------------------------------------------------- templates
    "Query.getTemplate": Operation(
        "query($code: String!, $version: Int) { getTemplate(code: $code, version: $version)"
        " { code version versions { version } variants { language inbox { title } } } }",
        lambda _: {"code": TEMPLATE, "version": 1},
        **OPERATORS,
    ),
    "Query.getTemplates": Operation(
        "query($first: Int, $after: String) { getTemplates(first: $first, after: $after)"
        " { nodes { code channels } totalCount } }",
        lambda _: {"first": 5, "after": None},
        **OPERATORS,
    ),
    "Query.previewTemplate": Operation(
        "query($code: String!, $input: PreviewTemplateInput)"
        " { previewTemplate(code: $code, input: $input) { language emailSubject inboxBody } }",
        lambda _: {
            "code": TEMPLATE,
            "input": {"version": 1, "language": "de-AT", "variables": {"campaign": "Spring"}},
        },
        **OPERATORS,
    ),
    "Mutation.createTemplate": Operation(
        "mutation($input: CreateTemplateInput!) { createTemplate(input: $input) { code } }",
        lambda _: {"input": {"code": f"sale_{uuid4().hex}"} | WORDS},
        **OPERATORS,
    ),
    "Mutation.updateTemplate": Operation(
        "mutation($code: String!, $input: UpdateTemplateInput!)"
        " { updateTemplate(code: $code, input: $input) { version } }",
        lambda _: {"code": TEMPLATE, "input": {"version": 1} | WORDS},
        **OPERATORS,
    ),
    "Mutation.rollbackTemplate": Operation(
        "mutation($code: String!, $input: RollBackTemplateInput!)"
        " { rollbackTemplate(code: $code, input: $input) { version restoredFrom } }",
        lambda _: {"code": TEMPLATE, "input": {"version": 1, "toVersion": 1}},
        **OPERATORS,
    ),
    # ----------------------------------------------------------- notifications
    "Query.getUserNotifications": Operation(
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
        **OWN_OR_OPERATORS,
    ),
    "Query.getUnreadCount": Operation(
        "query($userId: ID) { getUnreadCount(userId: $userId) }",
        lambda world: {"userId": world.customer_id},
        **OWN_OR_OPERATORS,
    ),
    "Mutation.markNotificationRead": Operation(
        "mutation($id: ID!) { markNotificationRead(id: $id) { id readAt } }",
        lambda world: {"id": world.notification_id},
        **OWN,
    ),
    "Query.getNotificationStatus": Operation(
        "query($id: ID!) { getNotificationStatus(id: $id) { id metadata deliveries"
        " { channel status steps { status at } } } }",
        lambda world: {"id": world.notification_id},
        **(HIDDEN | {"service": OK}),
    ),
    "Mutation.sendNotification": Operation(
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
        **(OPERATORS | {"service": OK}),
    ),
    # Services cancel what they sent themselves; this is somebody else's.
    "Mutation.cancelNotification": Operation(
        "mutation($id: ID!) { cancelNotification(id: $id) { id deliveries { status } } }",
        lambda world: {"id": world.notification_id},
        **(OPERATORS | {"service": NOT_FOUND}),
    ),
    "Mutation.markAllNotificationsRead": Operation(
        "mutation($upTo: DateTime) { markAllNotificationsRead(upTo: $upTo) { read more } }",
        lambda _: {"upTo": "2026-11-01T00:00:00Z"},
        **SIGNED_IN,
    ),
    "Mutation.archiveNotification": Operation(
        "mutation($id: ID!) { archiveNotification(id: $id) { id archivedAt } }",
        lambda world: {"id": world.notification_id},
        **OWN,
    ),
    "Mutation.unarchiveNotification": Operation(
        "mutation($id: ID!) { unarchiveNotification(id: $id) { id archivedAt } }",
        lambda world: {"id": world.notification_id},
        **OWN,
    ),
    "Mutation.deleteNotification": Operation(
        "mutation($id: ID!) { deleteNotification(id: $id) { id } }",
        lambda world: {"id": world.notification_id},
        **OWN,
    ),
    # ---------------------------------------------------------------- delivery
    "Query.getSuppressions": Operation(
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
        **OPERATORS,
    ),
    "Mutation.liftSuppression": Operation(
        "mutation($id: ID!, $reason: String!) {"
        " liftSuppression(id: $id, reason: $reason) { id liftedAt acts { by reason } } }",
        lambda world: {"id": world.suppression_id, "reason": "The mailbox works again."},
        **OPERATORS,
    ),
    # -------------------------------------------------------------- operations
    "Query.getFailedMessages": Operation(
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
        **OPERATORS,
    ),
    "Query.getQueueStats": Operation(
        "{ getQueueStats { name messages consumers handledPerMinute lagSeconds } }",
        _nothing,
        **OPERATORS,
    ),
    "Query.getServiceHealth": Operation(
        "{ getServiceHealth { status services { name up latencyMs } } }", _nothing, **PUBLIC
    ),
    "Mutation.redriveFailedMessages": Operation(
        "mutation($input: RedriveFailedMessagesInput!) { redriveFailedMessages(input: $input)"
        " { matched outcomes { messages } forecasts { reason } } }",
        lambda world: {
            "input": {
                "ids": [world.failed_message_id],
                "rate": 10,
                "dryRun": True,
                "reason": "The cause is mended.",
            }
        },
        **OPERATORS,
    ),
    "Mutation.discardFailedMessages": Operation(
        "mutation($input: DiscardFailedMessagesInput!)"
        " { discardFailedMessages(input: $input) { discarded notFailed } }",
        lambda world: {"input": {"ids": [world.failed_message_id], "reason": "Nobody needs it."}},
        **OPERATORS,
    ),
    # --------------------------------------------------------------- campaigns
    "Query.getCampaign": Operation(
        "query($id: ID!) { getCampaign(id: $id) { id numbers { sent channels { sent } } } }",
        lambda world: {"id": world.draft_campaign_id},
        **OPERATORS,
    ),
    "Query.getCampaigns": Operation(
        "query($filter: CampaignFilterInput, $first: Int, $after: String)"
        " { getCampaigns(filter: $filter, first: $first, after: $after)"
        " { nodes { id numbers { audience } } totalCount } }",
        lambda _: {"filter": {"state": "DRAFT"}, "first": 5, "after": None},
        **OPERATORS,
    ),
    "Query.previewCampaign": Operation(
        "query($id: ID!, $language: String)"
        " { previewCampaign(id: $id, language: $language) { audienceSize sample { inboxTitle } } }",
        lambda world: {"id": world.draft_campaign_id, "language": "de"},
        **OPERATORS,
    ),
    "Mutation.createCampaign": Operation(
        "mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { id state } }",
        lambda _: {
            "input": {
                "name": "Winter days",
                "templateCode": TEMPLATE,
                "audience": {"boughtCategory": "pens", "inactiveDays": 30, "language": "en"},
                "schedule": {"kind": "AT", "at": "2099-01-01T10:00:00Z"},
                "voucher": "WINTER-10",
                "variables": {"message": "Warm things."},
            }
        },
        **OPERATORS,
    ),
    "Mutation.startCampaign": Operation(
        "mutation($id: ID!) { startCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.draft_campaign_id},
        **OPERATORS,
    ),
    "Mutation.pauseCampaign": Operation(
        "mutation($id: ID!) { pauseCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.waiting_campaign_id},
        **OPERATORS,
    ),
    "Mutation.resumeCampaign": Operation(
        "mutation($id: ID!) { resumeCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.paused_campaign_id},
        **OPERATORS,
    ),
    "Mutation.stopCampaign": Operation(
        "mutation($id: ID!) { stopCampaign(id: $id) { id state nextRunAt } }",
        lambda world: {"id": world.draft_campaign_id},
        **OPERATORS,
    ),
}
