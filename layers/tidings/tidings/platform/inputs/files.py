"""Request bodies that are text files: accepted media types, size limit, decoding."""

from typing import ClassVar, Final, Self

from pydantic import ConfigDict

from tidings.platform.errors import InvalidInput, PayloadTooLarge, UnsupportedMediaType
from tidings.platform.inputs.media_types import parse_content_type
from tidings.platform.inputs.text_files import UTF_8, NotText, decode, has_mark
from tidings.platform.schema import Schema

# The byte order mark tells which UTF-16 it is.
BY_ITS_MARK: Final = "utf-16"
ENCODINGS: Final = {
    "utf-8": UTF_8,
    "utf8": UTF_8,
    "us-ascii": UTF_8,
    "utf-16": BY_ITS_MARK,
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}


class FileBody(Schema):
    """A text file. Subclasses set the accepted media types and the size limit in bytes."""

    model_config = ConfigDict(frozen=True)

    media_types: ClassVar[tuple[str, ...]]
    max_bytes: ClassVar[int]

    media_type: str
    content: str

    @classmethod
    def read(cls, raw: bytes, content_type: str | None) -> Self:
        """Return the file in a request's body, without a byte order mark.

        A byte order mark sets the encoding, otherwise the charset of the content type, otherwise
        UTF-8.

        Raises:
            UnsupportedMediaType: the media type or the charset is not accepted.
            PayloadTooLarge: the body has more than `max_bytes`.
            InvalidInput: the body is not text in its encoding.
        """
        media_type, charset = parse_content_type(content_type)
        if media_type not in cls.media_types:
            raise UnsupportedMediaType(f"Send one of: {', '.join(cls.media_types)}.")
        encoding = ENCODINGS.get(charset)
        if encoding is None:
            raise UnsupportedMediaType("Send the file in UTF-8, or in UTF-16.")
        if len(raw) > cls.max_bytes:
            raise PayloadTooLarge(f"The file is larger than {cls.max_bytes} bytes.")
        if encoding == BY_ITS_MARK and raw and not has_mark(raw):
            raise InvalidInput("A file in UTF-16 begins with a byte order mark.", field="file")
        try:
            content = decode(raw, encoding)
        except NotText as error:
            raise InvalidInput(str(error), field="file") from None
        return cls(media_type=media_type, content=content)
