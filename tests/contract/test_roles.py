"""The template grants each function only the secrets that its code reads."""

import ast
from typing import Final

import pytest

from tests.contract.imports import names_reached_from
from tests.contract.project import ROOT, Function, functions, parsed, template
from tests.contract.roles import (
    READERS,
    SECRETS,
    SUFFIX,
    resources,
    secrets_granted,
    secrets_needed,
    statements,
)

# Actions of other services, which read no secret.
OTHER_SERVICES: Final = ("ec2:", "ses:", "sns:", "sqs:")
FUNCTIONS = list(functions().values())
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


def functions_that_read(secret: str) -> set[str]:
    return {each.name for each in FUNCTIONS if secret in secrets_granted(each)}


@each_function
def test_role_grants_the_secrets_that_the_code_reads(function: Function) -> None:
    granted, needed = secrets_granted(function), secrets_needed(function)
    assert granted >= needed
    # Granted together: the calls that use the data are counted in the cache; endpoints
    # check the tokens of their callers.
    together = {"cache"} & granted if "mongodb" in needed else set()
    assert granted - needed <= together


def test_few_functions_read_the_keys_and_the_credentials_of_one_purpose() -> None:
    assert functions_that_read("signing-keys") == {
        *("Gateway", "Console"),
        *("Login", "RefreshSession", "StartServiceSession", "RotateKeys"),
    }
    assert functions_that_read("smtp") == {"DeliverEmail", "DeliverUrgentEmail"}
    assert functions_that_read("metrics-token") == {"GetMetrics"}
    assert len(functions_that_read("delivery-key")) < len(FUNCTIONS) / 4


@each_function
def test_secrets_are_granted_by_their_whole_names(function: Function) -> None:
    for statement in statements(function):
        assert statement.keys() <= {"Effect", "Action", "Resource"}
        named = statement["Action"]
        actions = {named} if isinstance(named, str) else set(named)
        if all(each.startswith(OTHER_SERVICES) for each in actions):
            continue
        assert actions <= {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"}
        for resource in resources(statement):
            name = resource.partition(":secret:${SecretsPrefix}/")[2]
            assert name.removesuffix(SUFFIX) in set(READERS.values())
            assert name.endswith(SUFFIX)


def test_one_function_writes_both_kinds_of_keys() -> None:
    writing = {each.name: secrets_granted(each, "PutSecretValue") for each in FUNCTIONS}
    assert {name: secrets for name, secrets in writing.items() if secrets} == {
        "RotateKeys": {"signing-keys", "public-keys"}
    }


def test_each_secret_has_one_reader_in_the_code() -> None:
    """A new secret must be added to the table by which the roles are checked."""
    file = ROOT / "layers/tidings" / f"{SECRETS.replace('.', '/')}.py"
    reading = {
        statement.name
        for statement in parsed(file).body
        if isinstance(statement, ast.FunctionDef) and not statement.name.startswith("_")
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"_read", "_address"}
    }
    assert reading == {each.name for each in READERS} | {"refresh_published_keys"}


def test_only_one_module_asks_secrets_manager() -> None:
    asking = {
        function.name
        for function in FUNCTIONS
        if "tidings.platform.secrets_manager.get_secret" in names_reached_from(function)
    }
    assert asking  # the search finds it
    importing = {
        str(file.relative_to(ROOT / "layers/tidings"))
        for file in (ROOT / "layers/tidings").rglob("*.py")
        if "secrets_manager import" in file.read_text()
    }
    assert importing == {"tidings/platform/secrets.py"}


@pytest.mark.parametrize("name", ["Introspection", "GraphiQL", "ExampleShop", "OpenMetrics"])
def test_parameters_that_reveal_internals_are_off_by_default(name: str) -> None:
    assert template()["Parameters"][name]["Default"] == "false"
