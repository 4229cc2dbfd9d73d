"""Valid documents are parsed once; what is refused is refused again."""

import pytest
from documents import MAX_KEPT, MAX_KEPT_CHARACTERS, InvalidDocument, valid_document
from graphql import parse, print_ast

ME = "{ me { id } }"
SCHEMA = "{ __schema { queryType { name } } }"


def test_document_that_comes_again_is_the_same() -> None:
    document = valid_document(ME, introspection=True)
    assert valid_document(ME, introspection=True) is document
    assert print_ast(document) == print_ast(parse(ME))


def test_long_document_is_parsed_each_time() -> None:
    query = ME + "#" * MAX_KEPT_CHARACTERS
    documents = [valid_document(query, introspection=True) for _ in range(2)]
    assert documents[0] == documents[1]
    assert documents[0] is not documents[1]


def test_few_documents_are_kept() -> None:
    document = valid_document(ME, introspection=True)
    for number in range(MAX_KEPT):
        valid_document(f"query Q{number} {ME}", introspection=True)
    assert valid_document(ME, introspection=True) is not document


def test_kept_document_is_not_valid_where_introspection_is_off() -> None:
    valid_document(SCHEMA, introspection=True)
    for _ in range(2):
        with pytest.raises(InvalidDocument):
            valid_document(SCHEMA, introspection=False)


@pytest.mark.parametrize(
    "query", ["{", "{ nobody }", "{ me }", "{ me { id } } fragment A on User { id }"]
)
def test_refused_document_is_refused_again_with_the_same_words(query: str) -> None:
    refusals = []
    for _ in range(2):
        with pytest.raises(InvalidDocument) as refused:
            valid_document(query, introspection=True)
        refusals.append([error.formatted for error in refused.value.errors])
    assert refusals[0] == refusals[1] != []
