"""Each alert and alarm has its section in the runbook, with commands and metrics that exist."""

import re
import subprocess
from pathlib import Path
from typing import Final

import botocore.session
import pytest
from botocore import xform_name

from tests.contract.project import ROOT, template
from tests.dashboards import alerts, panel_queries
from tests.pages import blocks_of
from tidings_local.launcher.commands import COMMANDS
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.running.status import show_addresses

PARTS: Final = ("Meaning", "Look", "Do", "Over")
PAGE: Final = (ROOT / "docs" / "runbook.md").read_text()


def sections() -> dict[str, str]:
    page = PAGE.partition("## Alarms and alerts\n")[2].partition("\n## ")[0]
    _, *found = re.split(r"^### (\w+)\n", page, flags=re.MULTILINE)
    return dict(zip(found[::2], found[1::2], strict=True))


def alarms() -> dict[str, str]:
    """Return the name of each alarm on AWS by that of its resource."""
    return {
        name: each["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for name, each in template()["Resources"].items()
        if each["Type"] == "AWS::CloudWatch::Alarm" and "AlarmName" in each["Properties"]
    }


def test_alerts_and_alarms_have_a_section_and_nothing_else_has() -> None:
    assert set(sections()) == set(alerts()) | set(alarms())


def test_alerts_link_their_section() -> None:
    linked = {name: rule["annotations"].get("runbook") for name, rule in alerts().items()}
    assert linked == {name: f"docs/runbook.md#{name.lower()}" for name in alerts()}


@pytest.mark.parametrize("name", sorted(sections()))
def test_section_says_what_it_means_how_to_look_what_to_do_and_when_it_is_over(name: str) -> None:
    text = sections()[name]
    said = re.findall(r"^\*\*(\w+)\.\*\* \S", text, re.MULTILINE)
    assert tuple(said) == PARTS
    alarm = alarms().get(name)
    assert re.findall(r"^Alarm `([\w-]+)`\.$", text, re.MULTILINE) == ([alarm] if alarm else [])


@pytest.mark.parametrize("name", sorted(sections()))
def test_section_says_how_to_look_by_a_command_or_a_page(name: str) -> None:
    look = re.split(r"\*\*\w+\.\*\*", sections()[name])[PARTS.index("Look") + 1]
    assert "`" in look or "*" in look


def test_commands_of_the_runbook_exist() -> None:
    assert set(re.findall(r"`make (?:-s )?([a-z-]+)", PAGE)) <= COMMANDS.keys()


def test_commands_of_aws_exist_and_their_resources_too() -> None:
    session, template_text = botocore.session.get_session(), (ROOT / "template.yaml").read_text()
    named = set(re.findall(r"\baws ([a-z]+) ([a-z][a-z-]+)", PAGE))
    assert len(named) > 5
    for service, operation in named:
        known = session.get_service_model(service).operation_names
        assert operation.replace("-", "_") in {xform_name(each) for each in known}
    resources = set(re.findall(r"<stack>-([a-z][a-z-]*)", PAGE)) - alarm_names()
    assert len(resources) > 3
    assert [n for n in sorted(resources) if f"${{AWS::StackName}}-{n}" not in template_text] == []


def alarm_names() -> set[str]:
    return set(alarms().values())


@pytest.mark.parametrize("name", sorted(sections()))
def test_section_needs_no_doctor(name: str) -> None:
    """Each section names what shows the fault if `make doctor` cannot be run."""
    for part in re.split(r"^\*\*\w+\.\*\*", sections()[name], flags=re.MULTILINE)[2:4]:
        if "make doctor" in part:
            assert re.search(r"`aws |`curl|onsole|make logs|\*[A-Z]", part), part


def test_addresses_are_read_from_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ports of another stack are others."""
    assert not re.search(r"(localhost|127\.0\.0\.1):\d", PAGE)
    (block,) = [each for each in blocks_of("docs/runbook.md") if each.language == "sh"]
    show_addresses(Stack("other", tmp_path, Ports(5000)))
    shown = capsys.readouterr().out
    read = {
        name: subprocess.run(["awk", code], input=shown, capture_output=True, text=True).stdout
        for name, code in re.findall(r"^(\w+)=.*awk '(.*)'", block.code, re.MULTILINE)
    }
    assert read == {
        "API": "https://localhost:5000/_aws/execute-api/tidings/local\n",
        "BRIDGE": "http://127.0.0.1:5005\n",
        "ENDPOINT": "http://localhost:5000\n",
    }
    assert set(re.findall(r"\$([A-Z]+)", PAGE)) == set(read)


def test_metrics_of_the_runbook_exist() -> None:
    known = (ROOT / "docs" / "monitoring.md").read_text() + "".join(
        [each.text for each in panel_queries()] + [rule["expr"] for rule in alerts().values()]
    )
    named = set(re.findall(r"\b(?:tidings|rabbitmq)_[a-z_]+\b", PAGE))
    assert len(named) > 10
    assert [name for name in sorted(named) if name not in known] == []


def test_panels_that_the_runbook_names_exist() -> None:
    titles = {each.place.partition(": ")[2] for each in panel_queries()}
    dashboards = {each.place.partition(":")[0].capitalize() for each in panel_queries()}
    others = {"Overview", "Nodes"}  # pages of RabbitMQ's management
    text = " ".join("\n".join(sections().values()).split())
    named = set(re.findall(r"(?<![*\w])\*([A-Z][^*]+)\*(?!\*)", text))
    assert len(named) > 5
    assert named <= titles | dashboards | others
