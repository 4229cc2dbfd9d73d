"""Load the services that our stack uses while LocalStack has nothing else to do.

LocalStack loads each at its first request, which takes two seconds in total. A deployment waited
for that, although RabbitMQ takes longer to start than LocalStack.
"""

import importlib
import logging
from threading import Thread

from localstack.runtime import events
from localstack.services.plugins import SERVICE_PLUGINS

logger = logging.getLogger(__name__)

# The bridge calls Lambda first; then in the order in which a deployment uses them.
SERVICES = (
    *("lambda", "s3", "secretsmanager", "ses", "sns", "cloudformation", "iam", "events", "sqs"),
    *("apigateway", "sts", "logs", "cloudwatch"),
)


def load_services_early() -> Thread:
    """Load them in the background as soon as LocalStack answers."""
    thread = Thread(target=_load, name="early-services", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    events.infra_ready.wait()
    # Before the service events starts its scheduler.
    importlib.import_module(f"{__package__}.punctual_rules").run_on_the_minute()
    for name in SERVICES:
        try:
            SERVICE_PLUGINS.require(name)
        except Exception:
            # The first request to the service loads it again and gets the error.
            logger.warning("service not loaded", extra={"service": name}, exc_info=True)
    importlib.import_module(f"{__package__}.quick_creation").create_quickly()
    importlib.import_module(f"{__package__}.switched_off").obey_switches()
