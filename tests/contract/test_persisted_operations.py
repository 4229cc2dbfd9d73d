"""The documents of gateway/operations fit the schema and its limits, and the manifest has them."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import persisted
import pytest
from cost import MAX_COST, CostEstimate
from documents import valid_document
from executable import executable_schema
from graphql import OperationDefinitionNode, get_operation_ast

from infra.contracts import persisted_operations
from infra.contracts.persisted_operations import manifest
from tidings.platform.storage.pagination import MAX_PAGE_SIZE

MANIFEST: Final = json.loads(persisted_operations.FILE.read_text())
each_operation = pytest.mark.parametrize(
    "operation", MANIFEST["operations"], ids=lambda each: each["name"]
)


def test_manifest_is_the_one_that_make_contracts_writes() -> None:
    assert persisted_operations.FILE.read_text() == manifest()
    assert persisted_operations.FILE == persisted.MANIFEST


def test_manifest_has_apollos_form() -> None:
    assert (MANIFEST["format"], MANIFEST["version"]) == ("apollo-persisted-query-manifest", 1)
    names = [each["name"] for each in MANIFEST["operations"]]
    assert names == sorted(set(names))
    assert len(names) == len(list(persisted_operations.SOURCES.iterdir()))


@each_operation
def test_operation_is_named_by_its_hash(operation: dict[str, Any]) -> None:
    digest = hashlib.sha256(operation["body"].encode()).hexdigest()
    assert operation["id"] == digest
    assert persisted.own_documents()[digest] == operation["body"]


@each_operation
def test_operation_fits_the_schema_and_its_limits(operation: dict[str, Any]) -> None:
    document = valid_document(operation["body"], introspection=False)
    found = get_operation_ast(document)
    assert isinstance(found, OperationDefinitionNode)
    assert found.operation.value == operation["type"]
    longest = {"first": MAX_PAGE_SIZE}
    assert CostEstimate(executable_schema(), document, found, longest).total() <= MAX_COST


@each_operation
def test_comments_and_form_do_not_change_the_hash(operation: dict[str, Any]) -> None:
    assert "#" not in operation["body"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("query A { me { id } } query B { me { id } }", "needs one operation with a name"),
        ("{ me { id } }", "needs one operation with a name"),
        ("query A { me { id } }", "contains the operation A"),
    ],
)
def test_file_has_one_operation_of_its_name(
    text: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "B.graphql").write_text(text)
    monkeypatch.setattr(persisted_operations, "SOURCES", tmp_path)
    with pytest.raises(ValueError, match=complaint):
        manifest()
