"""The environments of samconfig.toml fit the two templates, and the two templates each other."""

import re
import tomllib
from functools import cache
from typing import Any, Final

import pytest
import yaml

from tests.contract.project import ROOT, TemplateLoader, functions, template

ENVIRONMENTS: Final = ("dev", "staging", "prod")
each_environment = pytest.mark.parametrize("name", ENVIRONMENTS)


@cache
def services() -> dict[str, Any]:
    text = (ROOT / "infra/aws/services.yaml").read_text()
    content: dict[str, Any] = yaml.load(text, TemplateLoader)
    return content


def config(environment: str) -> dict[str, Any]:
    content = tomllib.loads((ROOT / "samconfig.toml").read_text())
    parameters: dict[str, Any] = content[environment]["deploy"]["parameters"]
    return parameters


def refused(given: list[str], parameters: dict[str, Any]) -> list[str]:
    """Return the values that a template would refuse."""
    found = []
    for each in given:
        name, _, value = each.partition("=")
        allowed = parameters.get(name, {}).get("AllowedValues")
        if name not in parameters or (allowed and value not in map(str, allowed)):
            found.append(each)
    return found


def test_unknown_parameters_and_values_are_refused() -> None:
    parameters = {"Mode": {"AllowedValues": [1, 2]}}
    assert refused(["Mode=3", "Other=1", "Mode=2"], parameters) == ["Mode=3", "Other=1"]


def test_there_is_no_default_environment() -> None:
    """It would change `sam build` and `sam deploy` on a laptop."""
    content = tomllib.loads((ROOT / "samconfig.toml").read_text())
    names = {*ENVIRONMENTS, *(f"{each}-services" for each in ENVIRONMENTS)}
    assert set(content) == names | {"version"}


@each_environment
def test_parameters_of_the_services_are_theirs(name: str) -> None:
    found = config(f"{name}-services")
    assert found["template_file"] == "infra/aws/services.yaml"
    assert refused(found["parameter_overrides"], services()["Parameters"]) == []
    assert f"SecretsPrefix=tidings-{name}" in found["parameter_overrides"]


@each_environment
def test_parameters_of_the_app_are_its_own(name: str) -> None:
    given = (ROOT / f"infra/aws/{name}.txt").read_text().split()
    assert refused(given, template()["Parameters"]) == []
    from_services = {each.partition("=")[0] for each in given} & set(services()["Outputs"])
    assert not from_services


def test_production_is_closed_and_watched() -> None:
    given = dict(each.split("=") for each in (ROOT / "infra/aws/prod.txt").read_text().split())
    assert not {"Introspection", "GraphiQL", "OpenMetrics"} & set(given)
    assert int(given["LogRetentionDays"]) > 0
    assert given["GradualDeployment"] == "true"


def test_web_acl_is_above_the_limits_of_callers() -> None:
    """Otherwise WAF answers 403 where the API promises an answer, or 429 with Retry-After.

    Its five minutes are parts of six of the API's minutes.
    """
    for name in ENVIRONMENTS:
        own = services()["Parameters"]["CallsPerAddress"]["Default"]
        given = dict(
            each.split("=", 1) for each in config(f"{name}-services")["parameter_overrides"]
        )
        limits = {key: each.get("Default") for key, each in template()["Parameters"].items()}
        lines = (ROOT / f"infra/aws/{name}.txt").read_text().split()
        limits |= dict(each.split("=", 1) for each in lines)
        of_callers = [
            int(limits["AnonymousCallsPerMinute"]) * int(limits["AddressAllowance"]),
            *(int(limits[f"{each}CallsPerMinute"]) for each in ("", "Operator", "Service")),
        ]
        assert all(of_callers)
        assert int(given.get("CallsPerAddress", own)) >= 6 * max(of_callers), name


def test_pages_have_the_limit_of_the_web_acl() -> None:
    limit = f"{services()['Parameters']['CallsPerAddress']['Default']:,}"
    for page, text in {"deploy-aws": f"{limit} by default", "api": f"{limit} calls in"}.items():
        assert text in (ROOT / f"docs/{page}.md").read_text()


def test_web_acl_only_counts_what_the_api_accepts() -> None:
    rules = services()["Resources"]["ApiAcl"]["Properties"]["Rules"]
    (common,) = (each for each in rules if each["Name"] == "common")
    overrides = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    counted = {each["Name"] for each in overrides if each["ActionToUse"] == {"Count": {}}}
    of_sizes = {f"SizeRestrictions_{part}" for part in ("BODY", "URIPATH", "QUERYSTRING")}
    assert counted == of_sizes | {
        "CrossSiteScripting_BODY",
        "CrossSiteScripting_QUERYARGUMENTS",
    }
    page = (ROOT / "docs/deploy-aws.md").read_text()
    assert [each for each in counted if f"`{each}`" not in page] == []


def test_outputs_of_the_services_are_parameters_of_the_app_or_of_the_live_inbox() -> None:
    live = yaml.load((ROOT / "infra/aws/live.yaml").read_text(), TemplateLoader)
    known = set(template()["Parameters"]) | set(live["Parameters"])
    assert set(services()["Outputs"]) <= known


def test_names_of_functions_fit_with_each_stack() -> None:
    longest = max(
        (each.properties["FunctionName"]["Fn::Sub"] for each in functions().values()), key=len
    )
    for name in ENVIRONMENTS:
        stack = config(name)["stack_name"]
        assert len(longest.replace("${AWS::StackName}", stack)) <= 64


def test_each_secret_of_the_app_is_made() -> None:
    made = {
        each["Properties"]["Name"]["Fn::Sub"]
        for each in services()["Resources"].values()
        if each["Type"] == "AWS::SecretsManager::Secret"
    }
    read = {
        part.removesuffix("-??????").rpartition(":secret:")[2]
        for part in str(template()).split("'")
        if ":secret:${SecretsPrefix}" in part
    }
    assert len(read) >= 8
    assert read <= made


def test_each_left_out_rule_of_checkov_has_its_reason() -> None:
    text = (ROOT / "infra/aws/checkov.yaml").read_text()
    left_out = yaml.safe_load(text)["skip-check"]
    explained = re.findall(r"^  - (CKV_AWS_\d+)  # \S.{20,}$", text, re.MULTILINE)
    assert explained == left_out
