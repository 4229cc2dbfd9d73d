"""JSON bodies that may be larger than others, because they have many things in them."""

from typing import ClassVar

from tidings.platform.schema import Schema


class LargeBody(Schema):
    """The model of a large body. Subclasses set the limit in bytes.

    Lambda accepts 6 MB: the body as a JSON text inside the event's JSON, which may double it, and
    the rest of the event.
    """

    max_bytes: ClassVar[int]
