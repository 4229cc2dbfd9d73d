"""The template grants each function only the keys of access tokens that its code needs."""

from typing import Any, Final

import pytest

from tests.contract.imports import names_reached_from
from tests.contract.project import Function, functions, template

PRIVATE, PUBLIC = "${SigningKeysSecret}-*", "${PublicKeysSecret}-*"
SIGNING_CALL: Final = "tidings.platform.security.auth.issue_access_token"
ROTATION: Final = "tidings.platform.security.keys.rotate_signing_keys"
# Services whose actions read no secret.
GRANTED: Final = ("ec2:", "ses:", "sns:", "sqs:")
FUNCTIONS = list(functions().values())
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


def readable(function: Function) -> set[str]:
    """Return the secrets whose values a function may read."""
    return {
        policy["AWSSecretsManagerGetSecretValuePolicy"]["SecretArn"]["Fn::Sub"].rpartition(
            ":secret:"
        )[2]
        for policy in function.properties.get("Policies", [])
        if "AWSSecretsManagerGetSecretValuePolicy" in policy
    }


def variables(function: Function) -> dict[str, Any]:
    found: dict[str, Any] = function.properties["Environment"]["Variables"]
    return found


def signs(function: Function) -> bool:
    """Return whether a function's code imports, directly or indirectly, a module that signs."""
    return bool({SIGNING_CALL, ROTATION} & names_reached_from(function))


@each_function
def test_only_functions_that_sign_read_the_private_keys(function: Function) -> None:
    assert (PRIVATE in readable(function)) == signs(function)
    assert ("TIDINGS_SIGNING_KEYS_SECRET" in variables(function)) == signs(function)


def test_functions_that_sign_are_few() -> None:
    assert {each.name for each in FUNCTIONS if signs(each)} == {
        *("Gateway", "Login", "RefreshSession", "StartServiceSession", "RotateKeys"),
    }


@each_function
def test_secrets_are_granted_by_one_kind_of_policy(function: Function) -> None:
    for policy in function.properties.get("Policies", []):
        assert policy.keys() in ({"AWSSecretsManagerGetSecretValuePolicy"}, {"Statement"})
        for statement in policy.get("Statement", []):
            assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}
            named = statement["Action"]
            actions = {named} if isinstance(named, str) else set(named)
            reading = {each for each in actions if not each.startswith(GRANTED)}
            assert reading <= {"secretsmanager:PutSecretValue"}


@each_function
def test_only_one_module_reads_the_private_keys(function: Function) -> None:
    if not signs(function):
        assert not {
            "tidings.platform.secrets.store_signing_keys",
            "tidings.platform.security.keys",
        } & names_reached_from(function)


@each_function
def test_endpoint_with_authentication_reads_the_public_keys(function: Function) -> None:
    if not function.events_of("Api"):
        assert PUBLIC not in readable(function)
        return
    contract = getattr(function.load(), "contract", None)
    if function.name in {"Gateway", "GetJwks"} or (contract and contract.role is not None):
        assert PUBLIC in readable(function)


def test_one_function_writes_both_kinds_of_keys() -> None:
    writing = {
        each.name: statement["Resource"]
        for each in FUNCTIONS
        for policy in each.properties.get("Policies", [])
        for statement in policy.get("Statement", [])
        if "secretsmanager:PutSecretValue" in statement["Action"]
    }
    (resources,) = writing.values()
    assert list(writing) == ["RotateKeys"]
    assert {each["Fn::Sub"].rpartition(":secret:")[2] for each in resources} == {PRIVATE, PUBLIC}


@pytest.mark.parametrize("name", ["Introspection", "GraphiQL", "OpenMetrics"])
def test_parameters_that_reveal_internals_are_off_by_default(name: str) -> None:
    assert template()["Parameters"][name]["Default"] == "false"
