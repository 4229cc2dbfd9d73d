"""Import every module whose operations are fields of Query and Mutation."""

# ruff: noqa: F401
import tidings.campaigns.operations
import tidings.campaigns.queries
import tidings.delivery.suppression
import tidings.monitoring.audit
import tidings.monitoring.backlogs
import tidings.monitoring.explaining.operations
import tidings.monitoring.failed_messages
import tidings.monitoring.health
import tidings.monitoring.overview.operations
import tidings.monitoring.queries
import tidings.monitoring.redrive
import tidings.notifications.cancelling
import tidings.notifications.inbox
import tidings.notifications.queries
import tidings.notifications.send_api
import tidings.orders.operations
import tidings.orders.queries
import tidings.products.operations
import tidings.products.queries
import tidings.recommendations.operations
import tidings.recommendations.queries
import tidings.tasks.operations
import tidings.tasks.queries
import tidings.templates.operations
import tidings.templates.queries
import tidings.users.operations
import tidings.users.password_reset
import tidings.users.phone_verification
import tidings.users.push_tokens
import tidings.users.queries
import tidings.users.registration
import tidings.users.roles
import tidings.users.sessions
import tidings.users.signing_out
