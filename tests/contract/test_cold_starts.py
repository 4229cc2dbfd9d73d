"""No function imports packages that it does not use (docs/performance.md, "Cold starts")."""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import pytest

from tests.contract.project import ROOT, Function, functions, parsed

# The packages that our code imports in functions of every kind.
EVERYWHERE = {"aws_lambda_powertools", "pydantic", "pydantic_core", "typing_extensions"}
# The other packages of each group: the functions of a domain that read, write, consume messages, or
# run otherwise. Before a package is added here, import it at its first use if not every call needs
# it.
GROUPS: dict[str, str] = {
    "campaigns consumes": "jwt mongoengine pika pymongo redis",
    "campaigns reads": "cryptography jwt mongoengine pymongo redis",
    "campaigns runs": "mongoengine pymongo redis",
    "campaigns writes": "cryptography jwt mongoengine pika pymongo redis",
    "delivery consumes": "jwt mongoengine pika pymongo redis",
    "delivery reads": "cryptography jwt mongoengine pymongo redis",
    "delivery runs": "jwt mongoengine pika pymongo redis",
    "delivery writes": "cryptography jwt mongoengine pika pymongo redis",
    "console runs": "argon2 cryptography jinja2 jwt markupsafe mongoengine pika pymongo redis",
    "gateway runs": "chalice cryptography graphql jwt mongoengine pymongo redis",
    "monitoring consumes": "jwt mongoengine pika pymongo redis",
    "monitoring reads": "cryptography jwt mongoengine pika pymongo redis",
    "monitoring runs": "jwt mongoengine pika prometheus_client pymongo redis",
    "monitoring writes": "cryptography jwt mongoengine pika pymongo redis",
    "notifications consumes": "jwt mongoengine pika pymongo redis",
    "notifications reads": "cryptography jwt mongoengine pymongo redis",
    "notifications runs": "jwt mongoengine pika pymongo redis",
    "notifications writes": "cryptography jwt mongoengine pika pymongo redis",
    "orders consumes": "jwt mongoengine pika pymongo redis",
    "orders reads": "cryptography jwt mongoengine pymongo redis",
    "orders runs": "jwt mongoengine pika pymongo redis",
    "orders writes": "cryptography jwt mongoengine pika pymongo redis",
    "products consumes": "mongoengine pika pymongo redis",
    "products reads": "cryptography jwt mongoengine pymongo redis",
    "products runs": "jwt mongoengine pymongo redis",
    "products writes": "cryptography jwt mongoengine pika pymongo redis",
    "recommendations consumes": "jwt mongoengine pika pymongo redis",
    "recommendations reads": "cryptography jwt mongoengine pymongo redis",
    "recommendations runs": "jwt mongoengine pymongo redis",
    "recommendations writes": "cryptography jwt mongoengine pika pymongo redis",
    "tasks reads": "cryptography jwt mongoengine pymongo redis",
    "tasks runs": "mongoengine pymongo redis",
    "tasks writes": "cryptography jwt mongoengine pika pymongo redis",
    "templates reads": "cryptography jwt mongoengine pymongo redis",
    "templates writes": "cryptography jinja2 jwt markupsafe mongoengine pika pymongo redis",
    "users reads": "cryptography jwt mongoengine pymongo redis",
    "users runs": "argon2 cryptography jwt mongoengine pymongo redis",
    "users writes": "argon2 cryptography jwt mongoengine pika pymongo redis",
}


def group_of(function: Function) -> str:
    """Return the domain and the kind of a function."""
    domain = function.file.parent.name
    if function.events_of("MQ"):
        return f"{domain} consumes"
    declared = getattr(getattr(function.load(), "contract", None), "operation", None)
    if declared is None:
        return f"{domain} runs"
    return f"{domain} writes" if declared.writes else f"{domain} reads"


@cache
def imports() -> dict[str, dict[str, list[str]]]:
    """Return the packages of each function, each with those of our modules that import it."""
    folders = defaultdict(list)
    for each in functions().values():
        folders[each.file.parent].append(each.file.stem)
    done = subprocess.run(
        [
            *(sys.executable, "-P", "tests/contract/imports_of_functions.py"),
            *(f"{folder}={','.join(modules)}" for folder, modules in folders.items()),
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "layers/tidings")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    return {name: found[str(each.file)] for name, each in functions().items()}


@cache
def groups() -> dict[str, list[Function]]:
    found = defaultdict(list)
    for function in functions().values():
        found[group_of(function)].append(function)
    return dict(found)


def too_much(names: Iterable[str], allowed: set[str]) -> list[str]:
    """Say which of these functions import packages beyond the allowed ones, and where."""
    return [
        f"{name} imports {package}: {', '.join(modules)}"
        for name in names
        for package, modules in imports()[name].items()
        if package not in allowed
    ]


def allowed_in(group: str) -> set[str]:
    """Return the packages of a group; those of the same kind if the group is new."""
    kind = group.partition(" ")[2]
    rows = [GROUPS[group]] if group in GROUPS else [
        row for name, row in GROUPS.items() if name.endswith(f" {kind}")
    ]  # fmt: skip
    return EVERYWHERE | {package for row in rows for package in row.split()}


def test_table_has_no_group_without_functions() -> None:
    assert GROUPS.keys() <= groups().keys()


@pytest.mark.parametrize("group", sorted(groups()))
def test_functions_import_only_the_packages_of_their_group(group: str) -> None:
    assert too_much([each.name for each in groups()[group]], allowed_in(group)) == []


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_table_has_no_package_that_no_function_imports(group: str) -> None:
    used = {package for each in groups()[group] for package in imports()[each.name]}
    assert allowed_in(group) - EVERYWHERE <= used, "remove it from the table"


def test_function_that_imports_too_much_is_named_with_its_module() -> None:
    assert too_much(["GetOrder"], EVERYWHERE | {"pymongo", "redis", "jwt", "cryptography"}) == [
        line
        for line in too_much(["GetOrder"], EVERYWHERE)
        if line.startswith("GetOrder imports mongoengine: tidings.")
    ]


# The consumers of nearly every message. What they need is in modules of its own (decision 174).
LEAN = ("Notifications", "DeliverEmail", "Orders", "OrderUpdates", "TellFollowers")
OF_THE_API = {"operations", "queries", "schemas"}


@pytest.mark.parametrize("name", LEAN)
def test_consumer_imports_no_operations_and_models_of_the_api(name: str) -> None:
    folder, module = functions()[name].file.parent, functions()[name].file.stem
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            f"import json, sys, {module}; print(json.dumps([*sys.modules]))",
        ],
        env={"PYTHONPATH": f"{ROOT / 'layers/tidings'}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = [each for each in json.loads(done.stdout) if each.startswith("tidings.")]
    assert [each for each in ours if each.rpartition(".")[2] in OF_THE_API] == []


def test_models_of_domains_are_built_at_their_first_use() -> None:
    layer = ROOT / "layers/tidings/tidings"
    found = {
        f"{path.relative_to(layer)}: {node.name}"
        for path in layer.rglob("*.py")
        if path.relative_to(layer).parts[0] != "platform"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "BaseModel" for base in node.bases)
    }
    assert found == set(), "derive them from platform.schema.Schema (decision 135)"
