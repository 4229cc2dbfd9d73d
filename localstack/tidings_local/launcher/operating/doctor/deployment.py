"""Checks of the deployment: the code, the rules and the mappings that LocalStack has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...deploying.code_update import all_functions
from ...deploying.deploy import remembered, what_is_wanted
from ...deploying.deployed import load_deployed
from ...deploying.deployed_code import Code, check_syntax
from ...deploying.template import sources
from ...errors import LauncherError
from .finding import Finding, Section, bad, listed, ok, warn
from .installation import Installation, reason_of
from .template import PREFIX, consumed_queues, rules

DEPLOY = "make deploy"
DEPLOY_AGAIN = f"{DEPLOY} (then look who changed it)"
FROM_NEW = "make up"
ENABLED = "Enabled"
RELAY = f"{PREFIX}outbox-relay"
"""The rule without which events wait in their outboxes."""


def check_code(_installation: Installation) -> Finding:
    """Check that the working tree's code compiles: another one would be refused."""
    found = sources()
    try:
        check_syntax({*found.functions.values(), *found.layers.values()})
    except LauncherError as error:
        return bad(f"make deploy would refuse {reason_of(error)}", "correct the file")
    return ok(f"the code of {len(found.functions)} functions compiles")


def check_deployment(installation: Installation) -> Finding:
    """Compare the working tree, template and settings with what `make deploy` brought."""
    installation.must_run()
    with installation.aws("cloudformation"):
        wanted = what_is_wanted(installation.stack, installation.settings, installation.members)
    return deployment_finding(remembered(installation.stack), wanted)


def deployment_finding(before: Mapping[str, str], wanted: Mapping[str, str]) -> Finding:
    if not before or before.get("localstack") != wanted["localstack"]:
        return bad("LocalStack has no complete deployment", FROM_NEW)
    if before.get("stack_status") != wanted["stack_status"]:
        return bad(f"another tool changed the stack: {wanted['stack_status']}", FROM_NEW)
    changed = [name for name in wanted if before.get(name) != wanted[name]]
    if changed == ["sources"]:
        return warn("the code of the working tree is not deployed", DEPLOY)
    if changed:
        told = listed(each for each in changed if each != "sources")
        return warn(f"not deployed, changed since: {told}", DEPLOY)
    return ok("the working tree is as it was at its deployment")


def check_functions(installation: Installation) -> Finding:
    """Compare the functions in LocalStack with what was deployed there."""
    kept = load_deployed(installation.stack)
    with installation.aws("lambda") as functions:
        found = all_functions(functions)
    if kept is None:
        return bad("no deployment is complete", FROM_NEW)
    return functions_finding(found, kept.code)


def functions_finding(found: Iterable[Mapping[str, Any]], deployed: Code) -> Finding:
    running = {each["FunctionName"]: each for each in found}
    if missing := sorted(deployed.functions.keys() - running):
        return bad(f"missing functions: {listed(map(_short, missing))}", FROM_NEW)
    if other := list(_with_other_code(running, deployed)):
        return bad(
            f"other code than deployed: {listed(map(_short, other))}",
            DEPLOY_AGAIN,
            Section.FUNCTIONS_FAIL,
        )
    if failed := [n for n, each in running.items() if each.get("State") == "Failed"]:
        return bad(f"cannot start: {listed(map(_short, failed))}", DEPLOY, Section.FUNCTIONS_FAIL)
    return ok(f"{len(deployed.functions)} functions have the deployed code")


def _with_other_code(running: Mapping[str, Mapping[str, Any]], deployed: Code) -> Iterator[str]:
    for name, archive in deployed.functions.items():
        if running[name]["CodeSha256"] != archive.sha256:
            yield name


def check_rules(installation: Installation) -> Finding:
    """Compare the scheduled rules with those of template.yaml."""
    with installation.aws("events") as events:
        pages = events.get_paginator("list_rules").paginate(NamePrefix=PREFIX)
        states = {each["Name"]: each["State"] for page in pages for each in page["Rules"]}
        aimless = [
            name
            for name in states.keys() & rules()
            if not events.list_targets_by_rule(Rule=name)["Targets"]
        ]
    return rules_finding(states, rules(), aimless, endpoint_option(installation))


def rules_finding(
    states: Mapping[str, str],
    wanted: Mapping[str, bool],
    aimless: Iterable[str] = (),
    endpoint: str = "",
) -> Finding:
    if missing := sorted(wanted.keys() - states.keys()):
        return bad(f"missing rules: {listed(map(_short, missing))}", FROM_NEW, Section.JOBS_FAILED)
    if aimless := sorted(aimless):
        return bad(
            f"rules without a target: {listed(map(_short, aimless))}", FROM_NEW, Section.JOBS_FAILED
        )
    off = sorted(
        (name for name, on in wanted.items() if on and states[name] != "ENABLED"),
        key=lambda name: (name != RELAY, name),
    )
    if off:
        section = Section.OUTBOX_IS_LATE if off[0] == RELAY else Section.RULE_IS_LATE
        enable = f"aws events enable-rule --name {off[0]}{endpoint}"
        return bad(f"disabled rules: {listed(map(_short, off))}", enable, section)
    return ok(f"{len(wanted)} rules exist")


def check_mappings(installation: Installation) -> Finding:
    """Check that each queue of template.yaml has an enabled mapping to its function."""
    return mappings_finding(
        mappings_of(installation), consumed_queues(), endpoint_option(installation)
    )


def mappings_of(installation: Installation) -> dict[str, Mapping[str, Any]]:
    """Return the mapping of each queue.

    Raises:
        CannotCheckError: LocalStack does not answer.
    """
    with installation.aws("lambda") as functions:
        pages = functions.get_paginator("list_event_source_mappings").paginate()
        found = [each for page in pages for each in page["EventSourceMappings"]]
    return {queue: each for each in found for queue in each.get("Queues", [])}


def mappings_finding(
    found: Mapping[str, Mapping[str, Any]], consumed: Mapping[str, str], endpoint: str = ""
) -> Finding:
    if missing := [queue for queue in consumed if queue not in found]:
        return bad(
            f"queues without a mapping: {listed(missing)}",
            FROM_NEW,
            Section.BRIDGE_IS_NOT_CONSUMING,
        )
    if off := [queue for queue in consumed if found[queue]["State"] != ENABLED]:
        told = listed(f"{queue} ({found[queue]['State']})" for queue in off)
        uuid = found[off[0]]["UUID"]
        enable = f"aws lambda update-event-source-mapping --uuid {uuid} --enabled{endpoint}"
        return bad(f"mappings that do not run: {told}", enable, Section.QUEUE_HAS_NO_CONSUMER)
    return ok(f"{len(consumed)} queues have a mapping")


def endpoint_option(installation: Installation) -> str:
    """Return the option that lets AWS's command line call this stack."""
    return f" --endpoint-url {installation.stack.endpoint}"


def _short(name: str) -> str:
    return name.removeprefix(PREFIX)
