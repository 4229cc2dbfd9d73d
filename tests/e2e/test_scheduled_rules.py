"""Rules fire at their times, once for each time; the event of a failed job is kept."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.e2e.aws import client, invoke, log_lines, rule_event
from tests.waiting import eventually

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_minute_rule_fires_at_its_time() -> None:
    """Neither a test nor the launcher fires this rule. It has fired since the deployment."""
    rule = client("events").describe_rule(Name="tidings-backlogs")
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")

    def times() -> set[str]:
        lines = log_lines("tidings-measure-backlogs", LONG_AGO, message="job done")
        return {line["scheduled_at"] for line in lines}

    eventually(times, what="the minute rule")


def test_every_rule_of_the_template_exists() -> None:
    found = client("events").list_rules(NamePrefix="tidings-")["Rules"]
    schedules = {each["Name"]: each["ScheduleExpression"] for each in found}
    assert schedules["tidings-promotional-notifications"] == "cron(0 12 ? * FRI *)"
    assert schedules["tidings-daily-order-status"] == "cron(0 9 * * ? *)"
    for name in schedules:
        (target,) = client("events").list_targets_by_rule(Rule=name)["Targets"]
        assert target["DeadLetterConfig"]["Arn"].endswith(":tidings-failed-jobs")
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 3


def test_rule_that_fires_twice_for_one_time_runs_once() -> None:
    event = rule_event()
    assert "events_published" in invoke("tidings-relay-outbox", event)
    assert invoke("tidings-relay-outbox", event) == {"done_before": 1}


def test_event_of_a_failed_job_is_in_the_dead_letters() -> None:
    """The test waits for the first attempt only: Lambda retries after one and two minutes."""
    function, lambdas, queues = "tidings-settle-orders", client("lambda"), client("sqs")
    config = lambdas.get_function_event_invoke_config(FunctionName=function)
    assert config["MaximumRetryAttempts"] == 2
    lambdas.update_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    try:
        broken = rule_event() | {"time": "soon"}
        lambdas.invoke(FunctionName=function, Payload=json.dumps(broken), InvocationType="Event")
        url = queues.get_queue_url(QueueName="tidings-failed-jobs")["QueueUrl"]

        def failed() -> list[dict[str, Any]]:
            found = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            bodies = [json.loads(each["Body"]) for each in found.get("Messages", [])]
            return [each for each in bodies if each["requestPayload"]["id"] == broken["id"]]

        (record,) = eventually(failed, what="the failed job in the queue")
        assert record["requestPayload"] == broken
        assert "soon" in record["responsePayload"]["errorMessage"]
    finally:
        lambdas.update_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=2)
