"""The scheduled rules of template.yaml; `make contracts` writes this file."""

from typing import Final

# A rule, its function, the module of its job, its schedule, and whether it is enabled.
RULES: Final[tuple[tuple[str, str, str, str, bool], ...]] = (
    ("backlogs", "measure-backlogs", "measure_backlogs", "rate(1 minute)", True),
    ("daily-order-status", "daily-order-status", "daily_order_status", "cron(0 9 * * ? *)", True),
    ("digests", "send-digests", "send_digests", "cron(0 * * * ? *)", True),
    (
        "due-notifications",
        "release-due-notifications",
        "release_due_notifications",
        "rate(1 minute)",
        True,
    ),
    ("due-tasks", "remind-due-tasks", "remind_due_tasks", "cron(0 * * * ? *)", True),
    ("left-baskets", "remind-of-baskets", "remind_of_baskets", "cron(30 * * * ? *)", True),
    ("outbox-relay", "relay-outbox", "relay_outbox", "rate(1 minute)", True),
    (
        "promotional-notifications",
        "send-promotions",
        "run_due_campaigns",
        "cron(0 12 ? * FRI *)",
        True,
    ),
    (
        "recommendations",
        "compute-recommendations",
        "compute_recommendations",
        "cron(0 5 * * ? *)",
        True,
    ),
    ("redrive", "send-redriven", "send_redriven", "rate(1 minute)", True),
    ("retention", "enforce-retention", "enforce_retention", "cron(30 3 * * ? *)", True),
    ("saga-settling", "settle-orders", "settle_orders", "rate(10 minutes)", True),
    ("store-browsing", "store-browsing", "store_browsing", "rate(1 minute)", True),
    ("timed-campaigns", "run-timed-campaigns", "run_due_campaigns", "rate(5 minutes)", True),
)
