"""The style sheet, the module and the icon. Their addresses contain a hash of their content."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from tidings.platform.errors import NotFound

FOLDER: Final = Path(__file__).parent.parent / "static"
MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@cache
def versioned(name: str) -> str:
    """Return the name of a file with its hash: `console.css` is `console.3f2a9c01d4e5.css`."""
    path = FOLDER / name
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"{path.stem}.{version}{path.suffix}"


@cache
def _names() -> dict[str, Path]:
    return {versioned(each.name): each for each in FOLDER.iterdir()}


def answer(name: str) -> dict[str, object]:
    """Return the answer with a file.

    Raises:
        NotFound: there is no such file, or it has changed.
    """
    path = _names().get(name)
    if path is None:
        raise NotFound("There is no such file.")
    headers = {"Content-Type": MEDIA_TYPES[path.suffix], **HEADERS}
    return {"statusCode": 200, "headers": headers, "body": path.read_text(encoding="utf-8")}
