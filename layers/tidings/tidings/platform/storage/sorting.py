"""The orders of lists, and the places in them that cursors name."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from mongoengine import Q
from pydantic import ConfigDict, Field, ValidationError

from tidings.platform.errors import RuleRefused
from tidings.platform.schema import Schema
from tidings.platform.timing.times import InUtc

MAX_VALUE: Final = 2**63 - 1


class UnknownCursor(RuleRefused):
    def __init__(self) -> None:
        super().__init__("This cursor is not valid for this list.", field="after")


class _Place(Schema):
    """The place of one document in a list."""

    model_config = ConfigDict(extra="forbid")

    value: (
        Annotated[int, Field(ge=-MAX_VALUE, le=MAX_VALUE, strict=True)]
        | Annotated[InUtc, Field(strict=True)]
    )
    id: str


@dataclass(frozen=True)
class SortOrder:
    """The order by one field that every document has.

    Equal values are sorted newest first. If the values are unique texts, a place is such a text,
    and the next page is one range of an index (docs/decisions/0030).
    """

    field: str
    descending: bool = False
    unique: bool = False

    def keys(self) -> list[str]:
        return [self._key] if self.unique else [self._key, "-pk"]

    def behind(self, place: str) -> Any:
        """Return the condition for the items after a place.

        Raises:
            UnknownCursor: the place is malformed, or belongs to another order.
        """
        named, _, text = place.partition("|") if "|" in place else ("", "", place)
        if named != self._name:
            raise UnknownCursor
        beyond = f"{self.field}__{'lt' if self.descending else 'gt'}"
        if self.unique:
            return Q(**{beyond: text})
        try:
            last = _Place.model_validate_json(text)
        except ValidationError:
            raise UnknownCursor from None
        # One range of the index on field and id; equal values are told apart by the id.
        here_or_beyond = Q(**{f"{beyond}e": last.value})
        return here_or_beyond & (Q(**{beyond: last.value}) | Q(pk__lt=last.id))

    def place_of(self, document: Any) -> str:
        value = getattr(document, self.field)
        text = value if self.unique else _Place(value=value, id=document.pk).model_dump_json()
        return f"{self._name}|{text}" if self._name else text

    @property
    def _key(self) -> str:
        return f"-{self.field}" if self.descending else self.field

    @property
    def _name(self) -> str:
        """Return the name of this order in a place; the default order has none."""
        if self == NEWEST_FIRST:
            return ""
        return self._key if self.unique else self.field


# Ids sort by time.
NEWEST_FIRST: Final = SortOrder("pk", descending=True, unique=True)
