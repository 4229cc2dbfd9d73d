"""Explanations know every reason that delivery records, and name functions that exist."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.contract.project import ROOT, Function, consumers, functions
from tidings.delivery import claims, planning, preparing, sending
from tidings.delivery.models import DeliveryStatus
from tidings.monitoring.explaining.makers import CONSUMERS, JOBS
from tidings.monitoring.explaining.orders import SETTLES
from tidings.monitoring.explaining.reasons import REASONS, reason_of
from tidings.notifications import drafting
from tidings.platform.providers import failures, public_hosts, ses, smtp, sns

# The constants that are reasons, by module.
WRITTEN_AS_NAMES = {
    planning: r"(?!INBOX|ACCOUNT)[A-Z_]+",
    failures: r"[A-Z_]+",
    public_hosts: r"NO_PUBLIC_HOST|UNRESOLVED",
    ses: r"REJECTED",
    smtp: r"UNKNOWN_RECIPIENT",
    sns: r"UNKNOWN_ENDPOINT|DEAD_DEVICE",
    claims: r"DIED",
    preparing: r"SMS_LIMIT",
    sending: r"SLOW|NO_ANSWER",
    drafting: r"NO_PART",
}
# Reasons that stand in a call: `PermanentFailure("redirect", ...)`.
IN_A_CALL = re.compile(r'(?:Undeliverable|PermanentFailure|TemporaryFailure)\(\s*"(\w+)"')


def recorded() -> Iterator[str]:
    """Yield the reasons in the code and in the table of docs/delivery.md."""
    for module, names in WRITTEN_AS_NAMES.items():
        yield from constants(module, names)
    for file in (ROOT / "layers/tidings/tidings").glob("*/**/*.py"):
        yield from IN_A_CALL.findall(file.read_text(encoding="utf-8"))
    (row,) = re.findall(r"^\| `suppressed` \|.*", (ROOT / "docs/delivery.md").read_text(), re.M)
    yield from re.findall(r"`([^`]+)`", row)[1:]


def constants(module: ModuleType, names: str) -> Iterator[str]:
    for name, value in vars(module).items():
        if re.fullmatch(names, name) and type(value) is str:
            yield value


@pytest.mark.parametrize("reason", sorted(set(recorded())))
def test_each_recorded_reason_has_its_own_code_and_clause(reason: str) -> None:
    stored = reason.replace("<id>", "6911f00")
    found = reason_of(stored, DeliveryStatus.SUPPRESSED, channel="email", category="orders")
    assert found is not None
    code, clause = found
    assert re.fullmatch(r"[a-z_]+", code)
    assert code not in {"other", "error"}
    assert "{" not in clause
    assert not clause.endswith(".")


def test_codes_of_reasons_differ_unless_they_mean_the_same() -> None:
    by_code: dict[str, set[str]] = {}
    for each in REASONS.values():
        by_code.setdefault(each.code, set()).add(each.clause)
    assert [code for code, clauses in by_code.items() if len(clauses) > 1] == []


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("TemplateNotFound", "error"),
        ("some new reason", "other"),
        ("ada@example.com was refused", "other"),
        ("call +49 170 1234567", "other"),
    ],
)
def test_unknown_reason_is_told_without_personal_data(stored: str, code: str) -> None:
    found = reason_of(stored, DeliveryStatus.FAILED, channel="email", category="orders")
    assert found is not None
    assert found[0] == code
    assert "@" not in found[1]
    assert "170" not in found[1]


def test_no_reason_is_no_code() -> None:
    assert reason_of(None, DeliveryStatus.SENT, channel="email", category="orders") is None


def test_consumers_are_those_of_the_template() -> None:
    found = {queue: [own_name(each) for each in there] for queue, there in consumers().items()}
    assert {queue: found[queue] for queue in CONSUMERS} == {
        queue: [function] for queue, function in CONSUMERS.items()
    }


def test_jobs_are_functions_of_the_template() -> None:
    assert {*JOBS, SETTLES.function} <= {own_name(each) for each in functions().values()}


def own_name(function: Function) -> str:
    """Return the name of a function without the name of its stack."""
    name: str = function.properties["FunctionName"]["Fn::Sub"]
    return name.removeprefix("${AWS::StackName}-")
