"""How long each collection of MongoDB keeps its documents."""

from datetime import timedelta
from typing import Final

from tidings.platform.retention.row import EXPIRES_AT, Means, Retention

ERASED: Final = "the account is deleted"

# ------------------------------------------------------------------ messages to persons
NOTIFICATIONS: Final = Retention(
    name="notifications.notifications",
    lasts=timedelta(days=180),
    since="it was stored, or its `send_at`",
    means=Means.TTL_INDEX_AND_JOB,
    field=EXPIRES_AT,
    why="the inbox, its status, and the answer to questions about a message",
)
CODE_NOTIFICATIONS: Final = Retention(
    name="notifications.notifications (with a code)",
    lasts=timedelta(days=7),
    since="it was stored",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="the status; the code itself is deleted when its delivery is settled",
)
FOLLOWED_EVENTS: Final = Retention(
    name="notifications.crowds",
    lasts=timedelta(days=14),
    since="the event",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="longer than any of its messages can wait in a queue",
)
SEND_REQUESTS: Final = Retention(
    name="notifications.send_requests",
    lasts=NOTIFICATIONS.period,
    since="the request, or its `send_at`",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="a repeated request must not send again while its notification exists",
)
MAIL_RESPONSES: Final = Retention(
    name="delivery.mail_responses",
    lasts=NOTIFICATIONS.period,
    since="the mail was sent",
    means=Means.TTL_INDEX_AND_JOB,
    field=EXPIRES_AT,
    why="results of campaigns; at once when consent is withdrawn",
    left="the numbers in the campaign's experiment",
)
UNSUBSCRIPTIONS: Final = Retention(
    name="delivery.unsubscriptions",
    lasts=NOTIFICATIONS.period,
    since="the mail's notification",
    means=Means.JOB,
    why="the person and operators see by which mail it was; the mail exists no longer",
    left="the person's preference",
)
LIFTED_SUPPRESSIONS: Final = Retention(
    name="delivery.suppressions (lifted)",
    lasts=timedelta(days=30),
    since="an operator lifted it",
    means=Means.TTL_INDEX,
    field="lifted_at",
    why="operators see who lifted it",
)
SUPPRESSIONS: Final = Retention(
    name="delivery.suppressions",
    since="an operator lifts it",
    means=Means.ACT,
    why="mail to the address bounced, or was complained about; only a hash of it is stored",
)
PUSH_ENDPOINTS: Final = Retention(
    name="delivery.push_endpoints",
    lasts=timedelta(days=90),
    since="it was made",
    means=Means.TTL_INDEX,
    field="created_at",
    why="saves calls of SNS, which returns the same endpoint again",
)
FEEDBACK: Final = Retention(
    name="delivery.feedback",
    lasts=timedelta(days=30),
    since="the report",
    means=Means.TTL_INDEX,
    field="created_at",
    why="providers repeat a report within hours",
)
FREQUENCIES: Final = Retention(
    name="delivery.frequencies",
    lasts=timedelta(days=1),
    since="the last message that it counts",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="counts of messages for a limit; longer if a setting has a longer period",
)
CAMPAIGN_TESTS: Final = Retention(
    name="campaigns.test_requests",
    lasts=timedelta(days=7),
    since="the request",
    means=Means.TTL_INDEX,
    field="created_at",
    why="as long as a client may repeat a request",
)
CAMPAIGNS: Final = Retention(
    name="campaigns.campaigns",
    since="",
    means=Means.NONE,
    why="the shop's own record; it names operators by their ids, and no customer",
)
TEMPLATES: Final = Retention(
    name="templates.versions",
    since="",
    means=Means.NONE,
    why="notifications are rendered by their version; an older one can be restored",
)

# ------------------------------------------------------------------ persons
USERS: Final = Retention(
    name="users.users",
    since=ERASED,
    means=Means.ERASURE,
    why="the account",
    left="an anonymous account with id, role and dates, to which orders refer",
)
CODE_REQUESTS: Final = Retention(
    name="users.code_requests",
    since="its events are published",
    means=Means.ACT,
    why="256 buckets of events with codes",
    left="empty buckets",
)
GUESTS: Final = Retention(
    name="users.guests",
    lasts=timedelta(days=365),
    since="its last subscription",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="an address to tell that a product is back; not confirmed 3 days, without a wish 7 days",
)
PUSH_TOKENS: Final = Retention(
    name="users.push_tokens",
    since="the device is removed or refused, or " + ERASED,
    means=Means.ACT,
    why="push messages to the device",
)
SERVICES: Final = Retention(
    name="users.services",
    since="",
    means=Means.NONE,
    why="notifications and the audit trail name a service by its id, also after it was revoked",
)
TASKS: Final = Retention(
    name="tasks.tasks",
    since="its owner deletes it, or " + ERASED,
    means=Means.ACT,
    why="the owner's own data",
    left="an empty tombstone (next row)",
)
DELETED_TASKS: Final = Retention(
    name="tasks.tasks (deleted)",
    lasts=timedelta(days=180),
    since="the deletion",
    means=Means.TTL_INDEX,
    field="deleted_at",
    why="a repeated upload must not create the task again",
)
UPLOADS: Final = Retention(
    name="tasks.uploads",
    lasts=DELETED_TASKS.period,
    since="the upload",
    means=Means.JOB,
    why="the same file with the same key creates no task twice",
    left="the tasks, without the key of their row",
)

# ------------------------------------------------------------------ the shop
BASKETS: Final = Retention(
    name="orders.baskets",
    lasts=timedelta(days=30),
    since="its last change",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="what a person means to order; sooner when it is ordered or emptied",
)
ORDERS: Final = Retention(
    name="orders.orders",
    since="",
    means=Means.NONE,
    why="the shop's books; erasure removes free texts and the key of the request",
)
STOCK_SUBSCRIPTIONS: Final = Retention(
    name="products.stock_subscriptions",
    lasts=timedelta(days=365),
    since="the person asked",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="until the person is told that the product is back, or asks no longer",
)
PRODUCTS: Final = Retention(
    name="products.products",
    since="",
    means=Means.NONE,
    why="orders and recommendations refer to it; no personal data",
)
RESERVATIONS: Final = Retention(
    name="products.reservations",
    since="",
    means=Means.NONE,
    why="a cancelled order gives back its pieces by it, whenever that is; no personal data",
)
STOCK_MOVEMENTS: Final = Retention(
    name="products.stock_movements",
    lasts=timedelta(days=3 * 365),
    since="the movement",
    means=Means.JOB,
    why="stocktaking, and questions about a product's stock",
    left="the stock",
)
VOUCHERS: Final = Retention(
    name="vouchers.vouchers",
    since="",
    means=Means.NONE,
    why="orders were placed with it; the customer's id is removed by erasure",
)

# ------------------------------------------------------------------ recommendations
VIEWS: Final = Retention(
    name="recommendations.activity (views)",
    lasts=timedelta(days=30),
    since="the view",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="an older view says little",
    left="its part in the demand of the product",
)
PURCHASES: Final = Retention(
    name="recommendations.activity",
    since=ERASED,
    means=Means.ERASURE,
    why="recommendations by what a person bought",
    left="its part in the demand of the product",
)
TASTES: Final = Retention(
    name="recommendations.tastes", since=ERASED, means=Means.ERASURE, why="the person's list"
)
DEMANDS: Final = Retention(
    name="recommendations.demands",
    since="",
    means=Means.NONE,
    why="one for each product; older demand weighs less; no personal data",
)
PAIRS: Final = Retention(
    name="recommendations.rows",
    since="",
    means=Means.NONE,
    why="one for each product, of bounded size; no personal data",
)
RECOMMENDATION_RUNS: Final = Retention(
    name="recommendations.runs",
    lasts=timedelta(days=14),
    since="its scheduled time",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="a job that is called again for its time does nothing",
)

# ------------------------------------------------------------------ operations
AUDIT: Final = Retention(
    name="operations.audit_trail",
    since="the act",
    means=Means.TTL_INDEX_AND_JOB,
    field=EXPIRES_AT,
    setting="audit_days",
    why="who did what; the setting `audit_routine_days` has the days of routine acts",
)
FAILED_MESSAGES: Final = Retention(
    name="operations.failed_messages",
    since="an operator redrives or discards it, or the account it is about is deleted",
    means=Means.ACT,
    why="nothing is lost before an operator decided",
    left="the message (next row)",
)
SETTLED_MESSAGES: Final = Retention(
    name="operations.failed_messages (redriven or discarded)",
    lasts=timedelta(days=30),
    since="the act",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="operators see what became of it",
)
JOB_RUNS: Final = Retention(
    name="operations.job_runs",
    lasts=timedelta(days=30),
    since="its start",
    means=Means.TTL_INDEX,
    field=EXPIRES_AT,
    why="a job that is called again for its time does nothing",
)
LEASES: Final = Retention(
    name="operations.leases",
    since="the work ends",
    means=Means.ACT,
    why="one for each kind of work; the next holder replaces one that was left",
)
