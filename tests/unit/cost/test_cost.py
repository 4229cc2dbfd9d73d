"""The model of costs: its inputs are complete, its sums right, and docs/cost.md is up to date."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cost.inputs import Capacity, Measured, Price, capacity, measured, prices
from infra.cost.model import FULL_BATCH, Model
from infra.cost.tables import all_tables, unverified

ROOT = Path(__file__).parents[3]
HOW = "run `make cost` and copy its tables into docs/cost.md"


class Template(yaml.SafeLoader):
    """Reads the template; CloudFormation's tags become their text."""


Template.add_multi_constructor("!", lambda _loader, _tag, node: str(node.value))


@pytest.fixture
def model() -> Model:
    return Model(prices(), measured(), capacity())


def changed(model: Model, **assumed: float) -> Model:
    figures = model.measured.assumed.model_copy(update=assumed)
    return Model(
        model.prices, model.measured.model_copy(update={"assumed": figures}), model.capacity
    )


def test_the_page_has_the_tables_of_the_model(model: Model) -> None:
    assert all_tables(model) in (ROOT / "docs/cost.md").read_text(), HOW


def test_the_page_names_the_prices_without_a_source() -> None:
    page = (ROOT / "docs/cost.md").read_text()
    assert [name for name in unverified() if f"`{name}`" not in page] == []


def test_every_price_has_a_source() -> None:
    assert all(each.source for each in prices().values())


def test_requests_and_mails_cost_their_number(model: Model) -> None:
    costs = model.by_use(FULL_BATCH)
    assert costs["API Gateway, requests"] == pytest.approx(2 * 3.50)
    assert costs["SES, mails"] == pytest.approx(2_000_000 / 1000 * 0.10)


def test_duration_is_cpu_time_at_the_memory_of_the_function(model: Model) -> None:
    place = model.measured.functions["place-order"]
    work = place.by_batch[1]
    waits = work.commands * model.measured.assumed.command_wait_ms
    expected = (work.cpu_ms * 1769 / 512 + waits) / 1000
    assert model.seconds(place, FULL_BATCH) == pytest.approx(expected)


def test_larger_batches_never_cost_more(model: Model) -> None:
    totals = [sum(model.by_use(size).values()) for size in (1, 5, FULL_BATCH)]
    assert totals == sorted(totals, reverse=True)


def test_push_costs_something_if_it_is_used(model: Model) -> None:
    assert model.by_use(1)["SNS, pushes"] == 0
    assert changed(model, pushes=2).by_use(1)["SNS, pushes"] == pytest.approx(1.0)


def test_a_unit_suffices_up_to_its_limit(model: Model) -> None:
    for part in model.parts():
        limit = model.limit(part)
        assert model.units(part, 0.99 * limit, FULL_BATCH) == 1, part
        assert model.units(part, 1.01 * limit, FULL_BATCH) == 2, part


def test_parts_are_in_the_order_in_which_they_grow(model: Model) -> None:
    limits = [model.limit(part) for part in model.parts()]
    assert limits == sorted(limits)


def test_every_part_is_needed_and_priced(model: Model) -> None:
    for name, part in model.capacity.parts.items():
        assert model.need(name, FULL_BATCH) > 0
        assert part.price is None or part.price in model.prices


def test_functions_and_their_memory_are_those_of_the_template(model: Model) -> None:
    text = (ROOT / "template.yaml").read_text()
    template: dict[str, Any] = yaml.load(text, Template)
    assert template["Globals"]["Function"]["MemorySize"] == model.measured.memory_mb
    queues = {
        queue
        for resource in template["Resources"].values()
        for event in (resource.get("Properties", {}).get("Events") or {}).values()
        for queue in event.get("Properties", {}).get("Queues") or ()
    }
    used = {each.queue for each in model.measured.functions.values() if each.queue is not None}
    assert used <= queues


def test_measured_work_covers_every_size_of_a_load(model: Model) -> None:
    for function in model.measured.functions.values():
        for load in model.capacity.loads:
            assert function.batch(load.batch) <= load.batch


SMALL_PRICES = {
    "api_gateway_million_requests": 3.0,
    "lambda_million_requests": 0.2,
    "lambda_gb_second": 0.00002,
    "ses_thousand_mails": 0.1,
    "sns_million_pushes": 0.5,
    "logs_gb": 0.5,
    "nat_gateway_gb": 0.05,
    "transfer_out_gb": 0.1,
    "mongodb_gb_month": 0.5,
    "secret_month": 0.4,
    "mongodb_shard_hour": 0.5,
    "waf_million_requests": 0.6,
    "waf_acl_month": 5.0,
    "waf_rule_month": 1.0,
    "public_ipv4_hour": 0.005,
    "vpc_endpoint_hour": 0.01,
}
SMALL_WORK = {
    "date": "2026-11-30",
    "source": "invented",
    "functions": {
        "place-order": {
            "times": 1,
            "request": True,
            "by_batch": {1: {"cpu_ms": 10, "commands": 5}},
        },
        "deliver-email": {
            "times": 2,
            "queue": "email.queue",
            "wait_ms": 20,
            "by_batch": {
                1: {"cpu_ms": 8, "commands": 6},
                50: {"cpu_ms": 2, "commands": 0.5},
            },
        },
    },
    "memory_mb": 1024,
    "assumed": {
        "vcpu_memory_mb": 2048,
        "command_wait_ms": 2,
        "messages": 3,
        "redis_commands": 4,
        "pushes": 1,
        "stored_kb": 8,
        "log_kb": 6,
        "nat_kb": 20,
        "answer_kb": 2,
        "secrets": 5,
        "public_addresses": 2,
        "endpoint_zones": 6,
        "web_acl_rules": 3,
    },
}
SMALL_CAPACITY = {
    "loads": [],
    "queue_then": "more queues",
    "parts": {
        "mongodb": {
            "unit": "commands a second",
            "capacity": 100,
            "source": "invented",
            "then": "more",
            "price": "mongodb_shard_hour",
        }
    },
}


@pytest.fixture
def small() -> Model:
    found = {
        name: Price(dollars=dollars, source="invented", checked=date(2026, 11, 30))
        for name, dollars in SMALL_PRICES.items()
    }
    return Model(
        found, Measured.model_validate(SMALL_WORK), Capacity.model_validate(SMALL_CAPACITY)
    )


# At half a vCPU, work takes twice its CPU time. A message of `deliver-email` takes, in ms:
# alone 8 * 2 of work, 6 * 2 for the database and 20 for the mail = 48; in a batch of 50
# 2 * 2 + 0.5 * 2 + 20 = 25. `place-order` takes 10 * 2 + 5 * 2 = 30.
@pytest.mark.parametrize(
    ("batch", "milliseconds", "calls"), [(1, 30 + 2 * 48, 1 + 2), (50, 30 + 2 * 25, 1 + 2 / 50)]
)
def test_a_million_orders_as_calculated_by_hand(
    small: Model, batch: int, milliseconds: float, calls: float
) -> None:
    assert small.by_use(batch) == pytest.approx(
        {
            "API Gateway, requests": 3.00,
            "WAF, requests": 0.60,
            "Lambda, calls": 0.2 * calls,
            # 1 GB of memory, so a thousand GB-seconds for each millisecond.
            "Lambda, duration": 0.02 * milliseconds,
            "SES, mails": 200.00,
            "SNS, pushes": 0.50,
            # A million kilobytes are a gigabyte.
            "CloudWatch, logs": 3.00,
            "NAT gateway, data": 1.00,
            "transfer to customers": 0.20,
            "MongoDB, storage of a month": 4.00,
        }
    )


def test_a_month_as_calculated_by_hand(small: Model) -> None:
    # An order has 5 + 2 * 6 = 17 commands, so 10 orders a second need two units of 100 commands a
    # second: 2 * $0.50 * 730 hours.
    assert small.by_time(10, batch=1) == pytest.approx(
        {
            "Secrets Manager": 2.0,
            "WAF, web ACL": 8.0,
            "public IPv4 addresses": 7.30,
            "interface endpoints": 43.80,
            "mongodb": 730.0,
        }
    )


def test_a_queue_is_as_fast_as_one_full_batch_after_the_other(small: Model) -> None:
    # 25 ms for a message in a full batch, and an order has two.
    assert small.one_unit("queue deliver-email") == pytest.approx(40)
    assert small.limit("queue deliver-email") == pytest.approx(20)


def test_network_is_that_of_the_template_of_the_services(model: Model) -> None:
    text = (ROOT / "infra/aws/services.yaml").read_text()
    resources = yaml.load(text, Template)["Resources"].values()
    kinds = [each["Type"] for each in resources]
    assumed = model.measured.assumed
    assert kinds.count("AWS::EC2::EIP") == assumed.public_addresses
    endpoints = [each for each in resources if each["Type"] == "AWS::EC2::VPCEndpoint"]
    interfaces = [e for e in endpoints if e["Properties"]["VpcEndpointType"] == "Interface"]
    assert sum(len(e["Properties"]["SubnetIds"]) for e in interfaces) == assumed.endpoint_zones
    (acl,) = [each for each in resources if each["Type"] == "AWS::WAFv2::WebACL"]
    assert len(acl["Properties"]["Rules"]) == assumed.web_acl_rules
