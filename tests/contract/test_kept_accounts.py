"""Each write to an account ends its generation, so that no environment shows the former account."""

import ast
from dataclasses import fields
from pathlib import Path

from tests.contract.project import parsed, python_files, relative
from tidings.users import persons
from tidings.users.models import User
from tidings.users.persons import Person

WRITING = {"change", "change_last", "modify", "update_one"}
ENDING = {"credentials.changing", "kept_accounts.changing"}


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
    assert without == set(), "make the write inside kept_accounts.changing"
    assert len(writing) > 5, "the rule finds the modules"


def test_copies_have_no_secret() -> None:
    """What is not read from the database cannot reach the cache."""
    secret = {"password_hash", "security_version", "phone_check", "token", "outbox"}
    assert not secret & {*persons.READ, *(each.name for each in fields(Person))}
    assert set(persons.READ) <= User._fields.keys()
