"""Ids of documents in requests."""

from typing import Annotated, Final

from pydantic import StringConstraints

DOCUMENT_ID_PATTERN: Final = r"^[0-9a-f]{24}$"

DocumentId = Annotated[str, StringConstraints(pattern=DOCUMENT_ID_PATTERN)]
