"""`make new-rule`: a job that EventBridge calls by a schedule, and a failing test."""

import json
import re
from typing import Final

from infra.scaffold.changes import Changes, Refused
from infra.scaffold.project import (
    LAYER,
    TEMPLATE,
    add_function,
    camel,
    domain_named,
    new_name,
    words,
)

PAGE: Final = "docs/scheduled-rules.md"
ROW: Final = re.compile(r"^\| `[\w-]+` \| `[^`]+` \| .*\|\n", re.MULTILINE)
SCHEDULE: Final = re.compile(
    r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minute|hour|day)s)\)"
    r"|cron\(([\w*,/?#-]+ ){5}[\w*,/?#-]+\)"
)


def plan_rule(changes: Changes, *, domain: str, name: str, schedule: str) -> list[str]:
    """Plan the files of a rule and its job; return the remaining manual steps.

    Raises:
        Refused: an argument is not usable, or a name is taken.
    """
    domain, name = domain_named(changes, domain), new_name(changes, name)
    if not SCHEDULE.fullmatch(schedule):
        raise Refused(
            f"SCHEDULE={schedule} is not usable: 'rate(5 minutes)', or a time in UTC with the six"
            " fields of EventBridge, 'cron(0 9 * * ? *)'"
        )
    rule = name.replace("_", "-")
    if f"${{AWS::StackName}}-{rule}\n" in changes.read(TEMPLATE):
        raise Refused(f"NAME={name} exists already: the rule or function {rule} in {TEMPLATE}")
    changes.create(f"functions/{domain}/{name}.py", _function_file(domain, name, schedule))
    changes.create(f"{LAYER}/{domain}/{name}.py", _domain_module(name))
    add_function(
        changes,
        domain,
        "Schedule",
        lambda rights: _template_entry(domain, name, schedule, rights),
    )
    page = changes.read(PAGE)
    end = list(ROW.finditer(page))[-1].end()
    row = f"| `{rule}` | `{schedule}` | {words(name)} |\n"
    changes.edit(PAGE, page[:end] + row + page[end:])
    changes.create(f"events/lambda/{name}.json", _sample(rule))
    test = f"tests/integration/{domain}/test_{name}.py"
    changes.create(test, _test_file(domain, name))
    return [
        f"{LAYER}/{domain}/{name}.py: write {name}",
        f"{test}: its tests",
        f"{PAGE}: say what the job does",
    ]


def _function_file(domain: str, name: str, schedule: str) -> str:
    return f'''"""Rule `{name.replace("_", "-")}`, {schedule}: {words(name)}."""

from datetime import datetime

from tidings.{domain}.{name} import {name}
from tidings.platform.entry.job import Summary, scheduled_job


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {name}(scheduled_at)
'''


def _domain_module(name: str) -> str:
    return f'''"""{words(name).capitalize()}."""

from datetime import datetime


def {name}(scheduled_at: datetime) -> dict[str, int]:
    """{words(name).capitalize()}; returns what was done, in numbers.

    A job that was killed runs again for the same time: its writes must be idempotent.
    """
    raise NotImplementedError("write what {name} does")
'''


def _template_entry(domain: str, name: str, schedule: str, rights: str) -> str:
    rule = name.replace("_", "-")
    return f"""{camel(name)}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-{rule}
      CodeUri: functions/{domain}/
      Handler: {name}.handler
      Timeout: 300
{rights}      EventInvokeConfig: *JobRetries
      Events:
        Rule:
          Type: Schedule
          Properties:
            Name: !Sub ${{AWS::StackName}}-{rule}
            Description: {words(name).capitalize()}.
            Schedule: {schedule}
            Enabled: true
            RetryPolicy: *RuleRetries
            DeadLetterConfig: *RuleDeadLetters
"""


def _sample(rule: str) -> str:
    event = {
        "version": "0",
        "id": "0f3a8c6e-5a43-4a44-9a0f-0d5a4bb2f7c1",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T09:10:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:000000000000:rule/tidings-{rule}"],
        "detail": {},
    }
    return json.dumps(event, indent=2) + "\n"


def _test_file(domain: str, name: str) -> str:
    return f'''"""{words(name).capitalize()}."""

import pytest

from tidings.{domain}.{name} import {name}
from tidings.platform.timing.clock import now


def test_{name}() -> None:
    summary = {name}(now())
    pytest.fail(f"write what {name} changes, not only {{summary}}")
'''
