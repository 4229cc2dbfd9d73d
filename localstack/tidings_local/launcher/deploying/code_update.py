"""Deploy changed code to the running functions by the Lambda API, like `sam sync --code`.

CloudFormation is used for changes of the template only. Functions are compared by the digest of
their code, so that this also completes an interrupted deployment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Set
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from ..errors import LauncherError
from .archives import Archive
from .deployed_code import Code

THREADS = 4
UPDATE_SECONDS = 60
POLL_SECONDS = 0.05
RUNTIME = "python3.11"
PUBLISHED_HERE = "Published by make deploy."
"""Marks layer versions that CloudFormation did not make, so that they can be removed."""

Function = dict[str, Any]
Steps = list[Callable[[], object]]


def update_code(functions: Any, wanted: Code) -> list[str]:
    """Update the deployed functions to the wanted code; return the names of changed functions.

    Args:
        functions: a client of the Lambda API.
        wanted: the code that should run; functions that are not deployed are skipped.

    Raises:
        LauncherError: the update of a function failed or took too long.
    """
    running = {f["FunctionName"]: f for f in all_functions(functions)}
    layers = _layer_versions(functions, wanted, running.values())
    updates: dict[str, Steps] = {}
    for name in wanted.functions.keys() & running.keys():
        steps = _steps(functions, running[name], wanted.functions[name], layers)
        if steps:
            updates[name] = steps
    with ThreadPoolExecutor(THREADS) as threads:
        begun = {name: threads.submit(_begin, functions, name, updates[name]) for name in updates}
        wait(begun.values())
        # Only after all: most are done by then, and polling slows down the others.
        taken = [name for name, each in begun.items() if each.exception() is None]
        ended = [threads.submit(_wait_until_updated, functions, name) for name in taken]
    for each in (*begun.values(), *ended):  # after a failure no update is still in progress
        each.result()
    others = [f for name, f in running.items() if name not in wanted.functions]
    used = {*layers.values(), *(layer["Arn"] for f in others for layer in f.get("Layers", []))}
    _remove_unused(functions, wanted.layers, used)
    return sorted(updates)


def all_functions(functions: Any) -> list[Function]:
    """Return the configurations of our functions."""
    pages = functions.get_paginator("list_functions").paginate()
    return [f for page in pages for f in page["Functions"] if f["FunctionName"][:8] == "tidings-"]


def _layer_versions(functions: Any, wanted: Code, running: Iterable[Function]) -> dict[str, str]:
    """Return the ARN of the wanted version of each layer, published if it is new."""
    used = {layer["Arn"] for f in running for layer in f.get("Layers", [])}
    found = {}
    for name, archive in wanted.layers.items():
        known = (arn for arn in used if layer_name(arn) == name)
        same = (arn for arn in known if _digest(functions, arn) == archive.sha256)
        found[name] = next(same, None) or _publish(functions, name, archive)
    return found


def _digest(functions: Any, layer_version: str) -> str:
    number = int(layer_version.rpartition(":")[2])
    name = layer_name(layer_version)
    version = functions.get_layer_version(LayerName=name, VersionNumber=number)
    return str(version["Content"]["CodeSha256"])


def _publish(functions: Any, name: str, archive: Archive) -> str:
    published = functions.publish_layer_version(
        LayerName=name,
        Description=PUBLISHED_HERE,
        Content={"ZipFile": archive.content},
        CompatibleRuntimes=[RUNTIME],
    )
    return str(published["LayerVersionArn"])


def layer_name(layer_version: str) -> str:
    """Return the name in `arn:aws:lambda:<region>:<account>:layer:<name>:<version>`."""
    return layer_version.split(":")[-2]


def _steps(functions: Any, function: Function, archive: Archive, layers: dict[str, str]) -> Steps:
    """Return the calls that give one function its code and layers."""
    name = function["FunctionName"]
    has = [layer["Arn"] for layer in function.get("Layers", [])]
    needs = [layers.get(layer_name(arn), arn) for arn in has]
    steps: Steps = []
    if has != needs:
        change = functions.update_function_configuration
        steps.append(partial(change, FunctionName=name, Layers=needs))
    if function["CodeSha256"] != archive.sha256:
        change = functions.update_function_code
        steps.append(partial(change, FunctionName=name, ZipFile=archive.content))
    return steps


def _begin(functions: Any, name: str, steps: Steps) -> None:
    """Change a function, without waiting for the last change."""
    for earlier in steps[:-1]:
        _change(functions, name, earlier)
        _wait_until_updated(functions, name)  # Lambda accepts one update of a function at a time
    _change(functions, name, steps[-1])


def _change(functions: Any, name: str, step: Callable[[], object]) -> None:
    try:
        step()
    except functions.exceptions.ResourceConflictException:  # an earlier update is in progress
        _last_update(functions, name)
        step()


def _wait_until_updated(functions: Any, name: str) -> None:
    found = _last_update(functions, name)
    if found["LastUpdateStatus"] != "Successful":
        reason = found.get("LastUpdateStatusReason", f"not updated in {UPDATE_SECONDS} s")
        raise LauncherError(f"function {name} did not take its new code", hint=reason)


def _last_update(functions: Any, name: str) -> Function:
    """Return a function's configuration when its last update has ended, or takes too long."""
    limit = time.monotonic() + UPDATE_SECONDS
    while True:
        found: Function = functions.get_function_configuration(FunctionName=name)
        if found["LastUpdateStatus"] != "InProgress" or time.monotonic() > limit:
            return found
        time.sleep(POLL_SECONDS)


def _remove_unused(functions: Any, layers: Iterable[str], used: Set[str]) -> None:
    """Remove the layer versions of earlier updates that no function uses now."""
    for name in layers:
        pages = functions.get_paginator("list_layer_versions").paginate(LayerName=name)
        versions = [version for page in pages for version in page["LayerVersions"]]
        for version in versions:
            is_ours = version.get("Description") == PUBLISHED_HERE
            if is_ours and version["LayerVersionArn"] not in used:
                functions.delete_layer_version(LayerName=name, VersionNumber=version["Version"])
