"""Bodies that are text files: which kinds an endpoint takes, and up to which size."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

from tidings.platform.errors import InvalidInput, PayloadTooLarge, UnsupportedMediaType

BYTE_ORDER_MARK = "\ufeff"


class FileBody(BaseModel):
    """A text file in UTF-8. Subclasses say which media types they take, and up to which size."""

    model_config = ConfigDict(frozen=True)

    media_types: ClassVar[tuple[str, ...]]
    max_bytes: ClassVar[int]

    media_type: str
    content: str

    @classmethod
    def read(cls, raw: bytes, content_type: str | None) -> Self:
        """Return the file in a request's body, without a byte order mark.

        Raises:
            UnsupportedMediaType: it is of another kind, or says that it is not UTF-8.
            PayloadTooLarge: it has more than `max_bytes`.
            InvalidInput: it is not UTF-8.
        """
        media_type, charset = _parse(content_type or "")
        if media_type not in cls.media_types:
            raise UnsupportedMediaType(f"Send one of: {', '.join(cls.media_types)}.")
        if charset not in {"utf-8", "utf8", "us-ascii"}:
            raise UnsupportedMediaType("Send the file in UTF-8.")
        if len(raw) > cls.max_bytes:
            raise PayloadTooLarge(f"The file is larger than {cls.max_bytes} bytes.")
        try:
            content = raw.decode()
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"The file is not UTF-8: see byte {error.start + 1}.", field="file"
            ) from None
        return cls(media_type=media_type, content=content.removeprefix(BYTE_ORDER_MARK))


def _parse(content_type: str) -> tuple[str, str]:
    """Return the media type and the charset of a Content-Type (RFC 9110 section 8.3)."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    named = dict(each.split("=", 1) for each in parameters if "=" in each)
    return media_type, named.get("charset", "utf-8").strip('" ')
