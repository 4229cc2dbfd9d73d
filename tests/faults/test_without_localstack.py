"""LocalStack is killed, the whole stack is stopped, the runner is killed: nothing is lost.

Each test continues from the state of the previous one, because a deployment to an empty LocalStack
takes half a minute. The last test leaves it stopped: no other test uses this stack.
"""

import json
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.e2e.shop import Shop
from tests.faults import stack
from tests.faults.conftest import new_admin
from tests.faults.doctor import check
from tests.integration.test_localstack_lambda import ROLE, zipped
from tests.waiting import eventually
from tidings_local.launcher.operating.doctor.finding import Level

NOTE = (
    "import time\n"
    "from pathlib import Path\n"
    "def handler(event, context):\n"
    "    while not Path(event['until']).exists(): time.sleep(0.02)\n"
    "    Path(event['folder'], event['name']).touch()\n"
)


@pytest.fixture(scope="module")
def seller(shop: Shop) -> Shop:
    """Return an administrator who signed in before LocalStack was killed."""
    return new_admin(shop)


def test_orders_become_notifications_without_localstack(shop: Shop, seller: Shop) -> None:
    """LocalStack is killed while all environments are warm.

    A process that starts without LocalStack finds no secrets, as on AWS without Secrets Manager.
    """
    customer = shop.register()
    _order_and_hear_of_it(customer, seller)
    stack.kill("localstack")

    order_id = _order_and_hear_of_it(customer, seller)
    assert customer.order_state(order_id) == "CONFIRMED"

    answer = httpx.get(f"http://127.0.0.1:{stack.port_of('runner')}/a-bucket", trust_env=False)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.usefixtures("own_services")
def test_doctor_names_the_service_that_died() -> None:
    services, rules = check("services"), check("rules")
    assert (services.level, services.do) == (Level.BAD, "make up")
    assert "localstack (died" in services.found
    assert rules.level == Level.SKIPPED
    assert "LocalStack does not answer" in rules.found
    assert check("outboxes").level == Level.OK


def test_data_is_kept_after_down_and_up(shop: Shop, seller: Shop) -> None:
    customer = shop.register()
    order_id = _order_and_hear_of_it(customer, seller)
    stack.down()
    stack.repair()
    assert customer.order_state(order_id) == "CONFIRMED"
    assert [each["kind"] for each in customer.inbox_about(order_id)] == ["order.confirmed"]
    _order_and_hear_of_it(customer, seller)


def test_killed_runner_is_ready_after_make_up(shop: Shop, seller: Shop) -> None:
    stack.kill("runner")
    stack.wait_for("runner")
    stack.repair()
    _order_and_hear_of_it(shop.register(), seller)


@pytest.fixture
def note() -> Any:
    """Call a function asynchronously; it creates a file in a folder when another file exists."""
    connect: Any = boto3.client
    address = f"http://127.0.0.1:{stack.port_of('runner')}"
    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "none"}
    api = connect("lambda", endpoint_url=address, region_name="us-east-1", **keys)
    given = {"Runtime": "python3.11", "Handler": "app.handler", "Role": ROLE, "Timeout": 300}
    name = f"note-{uuid.uuid4().hex[:8]}"
    api.create_function(FunctionName=name, Code={"ZipFile": zipped(NOTE)}, **given)
    api.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def call(folder: Path, file: str, until: Path) -> None:
        event = json.dumps({"folder": str(folder), "name": file, "until": str(until)})
        answer = api.invoke(FunctionName=name, InvocationType="Event", Payload=event)
        assert answer["StatusCode"] == 202

    return call


def test_accepted_events_survive_a_kill_of_the_runner_and_localstack(
    note: Any, tmp_path: Path
) -> None:
    for killed in ("runner", "localstack"):
        victims, until = stack.processes_of(killed), tmp_path / f"after-{killed}"
        names = {f"{killed}-{number}" for number in range(20)}
        for name in names:
            note(tmp_path, name, until)
        for victim in victims:
            victim.kill()
        assert not any(each.name in names for each in tmp_path.iterdir())
        until.touch()
        stack.wait_for("runner")
        eventually(partial(_are_there, names, tmp_path))


def _are_there(names: set[str], folder: Path) -> bool:
    return names <= {each.name for each in folder.iterdir()}


def _order_and_hear_of_it(customer: Shop, seller: Shop) -> str:
    """Place an order, wait for its notification, and return the order's id."""
    order_id = customer.place_order(seller.create_product(stock=1))
    eventually(lambda: customer.inbox_about(order_id))
    return order_id
