"""Disabled rules and mappings, with stand-ins; tests/faults/test_doctor.py has a real stack."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin.stand_in_switches import JOBS, LAMBDA, STORE
from tests.unit.localstack_plugin.stand_ins import ACCOUNT, REGION, Shelf


@pytest.fixture(autouse=True)
def patched(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    JOBS.clear()
    stores = sys.modules[f"{LAMBDA}.invocation.models"]
    monkeypatch.setattr(stores, "lambda_stores", {ACCOUNT: {REGION: STORE}})
    from tidings_local.localstack_plugin.switched_off import obey_switches

    obey_switches()
    obey_switches()


def of_localstack(module: str, name: str) -> Any:
    return getattr(sys.modules[f"localstack.services.{module}"], name)()


def test_rule_runs_while_it_is_enabled() -> None:
    service = of_localstack("events.rule", "RuleService")
    ran: list[str] = []
    service.create_schedule_job(lambda: ran.append(service.rule.state))
    (job,) = JOBS
    for state in ("ENABLED", "DISABLED", "DISABLED", "ENABLED"):
        service.rule.state = state
        job()
    assert ran == ["ENABLED", "ENABLED"]


def test_stopped_poller_stores_no_state_later() -> None:
    worker = of_localstack("lambda_.event_source_mapping.esm_worker", "EsmWorker")
    worker.stop()
    assert worker.states == ["Disabled"]


def test_answers_have_no_member_of_the_request() -> None:
    context = SimpleNamespace(account_id=ACCOUNT, region=REGION)
    request = {"UUID": "one", "Enabled": False, "BatchSize": 7}
    provider = of_localstack("lambda_.provider", "LambdaProvider")
    answer = provider.update_event_source_mapping_v2(context, request)
    assert answer == STORE.event_source_mappings["one"] == {"UUID": "one", "BatchSize": 7}
    assert request["Enabled"] is False
