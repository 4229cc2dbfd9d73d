"""SAM gets the parameters of a deployment as they are meant, and the stack refuses bad ones.

SAM ends a value at a blank unless the value itself has quotes.
"""

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.project import ROOT, template
from tests.contract.test_workflows import steps
from tests.contract.transformed import PYTHON
from tidings.platform.settings import Settings

SENDER: Final = "O'Neil & Söhne <no-reply@shop.example>"
URL: Final = "https://api.shop.example/live"
OUTPUTS: Final = {"SubnetIds": "subnet-a,subnet-b", "AlarmTopic": "arn:aws:sns:eu-west-1:1:alarms"}
SAM: Final = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps(CfnParameterOverridesType().convert(tuple(sys.argv[1:]), None, None)))
"""
PRINTS: Final = "#!/bin/sh\nprintf '%s\\n' "
WIDER: Final = {"FrequencyCaps", "UnreadWaits"}
"""Their pattern in the template only has the characters, because the whole one is long."""


def read_by_sam(given: list[str]) -> dict[str, str]:
    """Return what SAM makes of the values after `--parameter-overrides`."""
    done = subprocess.run(
        [PYTHON, "-c", SAM, *given], capture_output=True, text=True, check=True, timeout=60
    )
    values: dict[str, str] = json.loads(done.stdout)
    return values


def given_by_the_workflow(folder: Path, *, sender: str) -> list[str]:
    """Run the workflow's step of the deployment with programs that only print."""
    (step,) = (
        each
        for each in steps(ROOT / ".github/workflows/deploy-to.yml")
        if each.get("name") == "Deploy"
    )
    (folder / "infra").symlink_to(ROOT / "infra")
    outputs = "\t".join(f"{name}={value}" for name, value in OUTPUTS.items())
    for path, text in {
        "bin/aws": f"{PRINTS}'{outputs}'\n",
        ".tidings/venvs/sam/bin/sam": f'{PRINTS}"$@"\n',
    }.items():
        file = folder / path
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o700)
    variables = {
        **{"STAGE": "prod", "PUBLIC_URL": URL, "MAIL_FROM": sender, "GITHUB_WORKSPACE": "."},
        **{"PATH": f"{folder}/bin:{os.defpath}", "LC_ALL": "C.UTF-8"},
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.partition("--parameter-overrides\n")[2].splitlines()


def test_workflow_gives_a_sender_with_a_name(tmp_path: Path) -> None:
    found = read_by_sam(given_by_the_workflow(tmp_path, sender=SENDER))
    assert found["MailFrom"] == SENDER
    assert found["PublicUrl"] == URL
    assert OUTPUTS.items() <= found.items()
    assert found["StageName"] == "live"
    assert re.fullmatch(template()["Parameters"]["MailFrom"]["AllowedPattern"], found["MailFrom"])


def test_sender_that_sam_cannot_read_is_refused_by_the_stack(tmp_path: Path) -> None:
    found = read_by_sam(given_by_the_workflow(tmp_path, sender='"Shop" <no-reply@shop.example>'))
    pattern = template()["Parameters"]["MailFrom"]["AllowedPattern"]
    assert not re.fullmatch(pattern, found["MailFrom"])


@pytest.mark.parametrize(
    ("page", "name", "value"),
    [
        ("deploy-aws", "MailFrom", "Shop <no-reply@your.domain>"),
        ("delivery", "SmsProviders", "sns sns:eu-west-1"),
    ],
)
def test_pages_give_values_with_blanks(page: str, name: str, value: str) -> None:
    written = re.findall(rf"`('?{name}=[^`]+)`", (ROOT / f"docs/{page}.md").read_text())
    assert written
    for each in written:
        assert read_by_sam(shlex.split(each)) == {name: value}


def test_files_of_the_environments_are_read_whole() -> None:
    sections = tomllib.loads((ROOT / "samconfig.toml").read_text())
    lists = [
        each["deploy"]["parameters"]["parameter_overrides"]
        for name, each in sections.items()
        if name.endswith("-services")
    ]
    lists += [path.read_text().splitlines() for path in (ROOT / "infra/aws").glob("*.txt")]
    assert len(lists) >= 6
    for given in lists:
        assert read_by_sam(given) == dict(each.split("=", 1) for each in given)


def parameters_of_settings() -> dict[str, str]:
    """Return the parameters that set a variable as it is, with the names of its setting."""
    text = (ROOT / "template.yaml").read_text()
    found = re.findall(r"^ +TIDINGS_(\w+): !Ref (\w+)$", text, re.MULTILINE)
    return {parameter: variable.lower() for variable, parameter in found}


def pattern_of(name: str) -> str | None:
    metadata: list[Any] = Settings.model_fields[name].metadata
    return next((each.pattern for each in metadata if getattr(each, "pattern", None)), None)


def test_stack_refuses_what_the_functions_refuse() -> None:
    """Otherwise a bad value is deployed, and the functions that read it do not start."""
    checked = {
        parameter: pattern
        for parameter, setting in parameters_of_settings().items()
        if (pattern := pattern_of(setting))
    }
    assert {"MailFrom", "SmsProviders", "PublicUrl"} <= set(checked)
    allowed = {each: template()["Parameters"][each].get("AllowedPattern") for each in checked}
    assert {name for name, pattern in allowed.items() if not pattern} == set()
    exact = checked.keys() - WIDER
    assert {each: allowed[each] for each in exact} == {each: checked[each] for each in exact}
