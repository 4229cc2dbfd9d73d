"""The names in infra/rabbitmq/topology.yaml; `make contracts` writes this file."""

from typing import Final

QUEUES: Final = (
    "inventory",
    "orders",
    "notifications",
    "order_updates_queue",
    "order_statuses.queue",
    "campaigns.queue",
    "recommendations",
    "recommendations.refresh",
    "email.queue",
    "email.urgent.queue",
    "push.queue",
    "push.urgent.queue",
    "sms.queue",
    "webhook.queue",
    "callbacks.queue",
    "erasure",
    "vouchers",
    "followers",
    "failed-messages",
    "unreadable-messages",
)
# The queues that the functions of each domain consume, by template.yaml.
CONSUMED_BY: Final[dict[str, tuple[str, ...]]] = {
    "products": ("inventory",),
    "orders": ("orders", "vouchers", "order_statuses.queue"),
    "recommendations": ("recommendations", "recommendations.refresh"),
    "notifications": ("notifications", "followers", "order_updates_queue"),
    "delivery": (
        "email.queue",
        "email.urgent.queue",
        "push.queue",
        "push.urgent.queue",
        "sms.queue",
        "webhook.queue",
        "callbacks.queue",
    ),
    "campaigns": ("campaigns.queue",),
    "monitoring": ("erasure", "failed-messages"),
}
# The n-th failed attempt waits for the n-th delay.
RETRY_DELAYS_SECONDS: Final = (1, 5, 25, 120, 600)
