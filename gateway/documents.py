"""Parse and validate documents. Valid ones are kept, because clients repeat a few documents."""

from functools import lru_cache
from typing import Final

import money
from executable import executable_schema
from form import check_form
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    parse,
    validate,
)
from limits import MAX_DOCUMENT_CHARACTERS, MAX_TOKENS, CountLimit, DepthLimit, TooComplex

RULES: Final = (*money.RULES, DepthLimit, CountLimit)
MAX_ERRORS: Final = 20
# A parsed document takes up to 275 bytes for each of its characters, so that hostile documents take
# 70 MB at most. Longer documents are parsed at each request.
MAX_KEPT: Final = 128
MAX_KEPT_CHARACTERS: Final = 2_000


class InvalidDocument(Exception):
    """The document is malformed, does not match the schema, or is too complex."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


def valid_document(query: str, *, introspection: bool) -> DocumentNode:
    """Return a document that matches the schema and the limits of its form.

    Args:
        query: the document's text.
        introspection: if it is false, fields of the schema are refused, and errors suggest no
            names.

    Raises:
        InvalidDocument: the document must not be executed.
    """
    if len(query) > MAX_KEPT_CHARACTERS:
        return _valid_document(query, introspection)
    return _kept(query, introspection)


def _valid_document(query: str, introspection: bool) -> DocumentNode:
    document = _parse(query)
    try:
        check_form(document)
    except GraphQLError as refused:
        raise InvalidDocument([refused]) from None
    rules = RULES if introspection else (*RULES, NoSchemaIntrospectionCustomRule)
    errors = validate(
        executable_schema(),
        document,
        rules,
        max_errors=MAX_ERRORS,
        hide_suggestions=not introspection,
    )
    if errors:
        raise InvalidDocument(errors)
    return document


# An error is not kept: lru_cache keeps results only.
_kept = lru_cache(maxsize=MAX_KEPT)(_valid_document)


def _parse(query: str) -> DocumentNode:
    if len(query) > MAX_DOCUMENT_CHARACTERS:
        limit = f"The document is longer than {MAX_DOCUMENT_CHARACTERS} characters."
        raise InvalidDocument([TooComplex(limit)])
    try:
        return parse(query, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        raise InvalidDocument([error]) from None
    except RecursionError:
        raise InvalidDocument([TooComplex("The document's nesting is too deep.")]) from None
