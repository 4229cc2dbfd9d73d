"""Each write to an account ends its generation, so that no environment shows the former account."""

import ast
from pathlib import Path

from tests.contract.project import parsed, python_files, relative
from tidings.users.schemas import UserView

WRITING = {"change", "change_last", "modify", "update_one"}
ENDING = {"credentials.changing", "kept_accounts.changing"}
# These change only fields that `UserView` does not show.
NOT_SHOWN = {
    "layers/tidings/tidings/users/contact_points.py",  # phone and webhook
    "layers/tidings/tidings/users/phone_verification.py",  # the phone's codes
}


def calls_in(path: Path) -> set[str]:
    return {ast.unparse(n.func) for n in ast.walk(parsed(path)) if isinstance(n, ast.Call)}


def writes_accounts(path: Path) -> bool:
    """Say whether a module finds accounts, and has a call that changes documents."""
    calls = calls_in(path)
    return "User.objects" in calls and bool({each.rpartition(".")[2] for each in calls} & WRITING)


def test_each_write_to_an_account_ends_its_generation() -> None:
    writing = {
        path for path in python_files("layers/tidings", "functions") if writes_accounts(path)
    }
    without = {relative(path) for path in writing if not calls_in(path) & ENDING}
    assert without == NOT_SHOWN, "make the write inside kept_accounts.changing"
    assert len(writing) > len(NOT_SHOWN) + 3, "the rule finds the modules"


def test_fields_that_are_not_shown_are_not_in_the_view() -> None:
    assert not {"phone", "webhook_url", "phone_check"} & UserView.model_fields.keys()
