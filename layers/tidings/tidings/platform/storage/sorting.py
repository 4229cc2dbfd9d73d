"""Order lists by a field whose values are not unique."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from mongoengine import Q
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tidings.platform.storage.pagination import UnknownCursor
from tidings.platform.timing.times import InUtc

MAX_VALUE: Final = 2**63 - 1


class _Place(BaseModel):
    """The place of one document in a list."""

    model_config = ConfigDict(extra="forbid")

    value: (
        Annotated[int, Field(ge=-MAX_VALUE, le=MAX_VALUE, strict=True)]
        | Annotated[InUtc, Field(strict=True)]
    )
    id: str


@dataclass(frozen=True)
class SortOrder:
    """The order by one field that every document has; equal values are sorted newest first."""

    field: str
    descending: bool = False

    def keys(self) -> list[str]:
        return [("-" if self.descending else "+") + self.field, "-pk"]

    def behind(self, place: str) -> Any:
        named, _, text = place.partition("|")
        if named != self.field:
            raise UnknownCursor
        try:
            last = _Place.model_validate_json(text)
        except ValidationError:
            raise UnknownCursor from None
        beyond = "lt" if self.descending else "gt"
        equal = Q(**{self.field: last.value}, pk__lt=last.id)
        return Q(**{f"{self.field}__{beyond}": last.value}) | equal

    def place_of(self, document: Any) -> str:
        place = _Place(value=getattr(document, self.field), id=document.pk)
        return f"{self.field}|{place.model_dump_json()}"
