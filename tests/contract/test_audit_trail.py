"""No act escapes the audit trail, and nothing changes or deletes what is in it."""

import ast
from collections.abc import Iterator

import pytest

from infra.contracts.operation_modules import modules
from tests.contract.project import functions, parsed, python_files, relative
from tidings.platform.auditing.entries import AuditEntry
from tidings.platform.auditing.recording import Recording
from tidings.platform.operation import OPERATIONS, Operation
from tidings.platform.security.auth import Principal, Role

# Writes without a target of their own: the caller's own account, or many new things at once.
WITHOUT_TARGET = {"logout", "send_notifications", "upload_tasks", "verify_email"}
# They take no caller.
WITHOUT_CALLER = {
    "register_user",
    "resend_verification",
    "login",
    "refresh_session",
    "request_password_reset",
    "reset_password",
    "start_service_session",
}
# Reads about other persons, or of the trail itself.
RECORDED_READS = {
    "get_user",
    "get_users",
    "get_push_tokens",
    "get_user_notifications",
    "get_unread_notifications",
    "get_unread_count",
    "get_user_recommendations",
    "get_user_activity",
    "find_person",
    "export_user",
    "export_audit_trail",
}
ONLY_WRITER = "layers/tidings/tidings/platform/auditing/trail.py"
READERS = {"layers/tidings/tidings/monitoring/audit.py"}
CHANGES = {
    *("update", "update_one", "update_many", "modify", "replace_one", "bulk_write"),
    *("delete", "delete_one", "delete_many", "drop", "drop_collection", "save"),
    *("insert_one", "insert_many", "insert", "find_one_and_update", "find_one_and_delete"),
}
WRITES_OF_THE_TRAIL = ["insert_one", "insert_one", "update_one"]


def operations() -> list[Operation]:
    modules()
    for function in functions().values():
        function.load()
    return sorted(OPERATIONS.values(), key=lambda each: each.name)


ALL = operations()
each_operation = pytest.mark.parametrize("operation", ALL, ids=lambda each: each.name)


def callers(operation: Operation) -> list[Principal]:
    """Return callers above customer that may call an operation."""
    roles = [Role.OPERATOR, Role.ADMIN, *([Role.SERVICE] if operation.services else [])]
    least = operation.role or Role.CUSTOMER
    return [
        Principal(user_id="person-1", role=each)
        for each in roles
        if each is Role.SERVICE or each.includes(least)
    ]


def test_operations_are_found() -> None:
    assert len(ALL) > 70


@each_operation
def test_every_write_by_an_operator_an_admin_or_a_service_is_recorded(operation: Operation) -> None:
    if not operation.writes or operation.name in WITHOUT_CALLER:
        return
    assert any(each.name == "caller" for each in operation.parameters)
    own = {"user_id": "person-1"}
    for caller in callers(operation):
        assert operation.is_recorded(caller, own), caller.role
        assert not operation.is_recorded(caller.model_copy(update={"role": Role.CUSTOMER}), own)


@each_operation
def test_every_recorded_write_says_what_it_concerns(operation: Operation) -> None:
    if not operation.writes or operation.name in WITHOUT_CALLER | WITHOUT_TARGET:
        return
    assert operation.targets
    names = {each.name: each for each in operation.parameters}
    for path in operation.targets:
        first, _, rest = path.partition(".")
        found = operation.returns if first == "result" else names[first].type
        assert not rest or rest in found.model_fields, path


def test_lists_have_no_former_names() -> None:
    names = {each.name for each in ALL if each.writes}
    assert names >= WITHOUT_TARGET | WITHOUT_CALLER
    assert not any(
        parameter.name == "caller"
        for each in ALL
        if each.name in WITHOUT_CALLER
        for parameter in each.parameters
    )


def test_reads_about_other_persons_are_recorded() -> None:
    assert {each.name for each in ALL if each.recording and not each.writes} == RECORDED_READS


def test_acts_are_recorded_before_they_happen() -> None:
    """Acts by the thousand have requests of their own instead."""
    late = {each.name for each in ALL if each.writes and each.recording is not None}
    begun = {each.name for each in ALL if each.recording is Recording.BEGUN_AND_ENDED}
    assert late - begun == {"send_notification", "send_notifications"}


def test_every_function_without_a_trigger_is_a_recorded_command() -> None:
    untriggered = [each for each in functions().values() if not each.properties.get("Events")]
    loaded = {each.file.stem: each.load() for each in untriggered}
    assert loaded.keys() >= {"create_admin", "rotate_keys", "import_products"}
    for name, handler in loaded.items():
        assert handler.command.operation == name
        assert handler.command.domain in {each.domain for each in ALL}


# -------------------------------------------------------------------- append-only


def names_in(path: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(path) if isinstance(each, ast.Name)}


def calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            yield each


def called(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def test_one_module_writes_the_trail() -> None:
    users = {
        relative(path)
        for path in python_files("layers", "gateway", "functions", "localstack")
        if "AuditEntry" in names_in(parsed(path)) or "audit_trail" in strings_in(parsed(path))
    }
    assert users == {ONLY_WRITER, *READERS, "layers/tidings/tidings/platform/auditing/entries.py"}
    for reader in READERS:
        changing = [called(each) for each in calls_in(parsed_of(reader)) if called(each) in CHANGES]
        assert changing == []


def test_it_adds_entries_and_completes_begun_ones() -> None:
    writes = [each for each in calls_in(parsed_of(ONLY_WRITER)) if called(each) in CHANGES]
    assert sorted(called(each) for each in writes) == WRITES_OF_THE_TRAIL
    (completion,) = [each for each in writes if called(each) == "update_one"]
    assert "'outcome': AuditOutcome.BEGUN.value" in ast.unparse(completion.args[0])
    assert ast.unparse(completion.args[1]) == "{'$set': ended}"


def test_only_time_deletes() -> None:
    expiring = [each for each in AuditEntry._meta["index_specs"] if "expireAfterSeconds" in each]
    assert [each["fields"] for each in expiring] == [[("expires_at", 1)]]


def parsed_of(name: str) -> ast.Module:
    (found,) = [parsed(path) for path in python_files("layers") if relative(path) == name]
    return found


def strings_in(tree: ast.AST) -> set[str]:
    return {
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
