"""Connect a starting LocalStack process with the runner."""

import logging
from threading import Thread

from localstack.aws import handlers
from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER

from localstack import config
from tidings_local.front_door.deployed import Deployed
from tidings_local.localstack_plugin import rest_apis
from tidings_local.localstack_plugin.all_at_once import deploy_all_at_once
from tidings_local.localstack_plugin.function_settings import follow_settings
from tidings_local.localstack_plugin.runner import handover
from tidings_local.runner.events.rules import SEND_PATH
from tidings_local.runner.forms import ALL, ASK_PATH, REST_APIS

logger = logging.getLogger(__name__)


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def meet_runner() -> None:
    """Answer a runner that asks for the deployment, and clear its earlier one."""
    if config.LAMBDA_RUNTIME_EXECUTOR != "process":
        return
    # Before the first request: LocalStack imports moto's services in the threads of requests, and
    # two threads that import the same ones in another order get half of a module.
    from tidings_local.localstack_plugin.role_policies import check_call

    ROUTER.add(ASK_PATH, tell_everything)
    ROUTER.add(SEND_PATH, send_event_messages, methods=["POST"])
    deploy_all_at_once()
    follow_settings()
    handlers.serve_custom_service_request_handlers.append(
        lambda _chain, context, _response: check_call(context)
    )
    rest_apis.on_change(tell_stages)
    # In the background: the runner may still be starting, and LocalStack need not wait for it.
    Thread(target=handover().begin, name="runner-handover", daemon=True).start()


def tell_stages(deployed: Deployed) -> None:
    """Send the deployed stages of REST APIs to the runner."""
    handover().put(REST_APIS, ALL, deployed)


def tell_everything(_request: object) -> Response:
    """Answer with everything that is deployed."""
    return Response(handover().everything(), mimetype="application/json")


def send_event_messages(request: Request) -> Response:
    """Send the messages that the runner requests after the end of an event."""
    # Imported here, because it loads services that LocalStack's start need not wait for.
    from tidings_local.localstack_plugin.event_messages import send_messages

    return send_messages(request)
