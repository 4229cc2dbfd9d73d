"""Put a generated table between the two comments of a page."""

from pathlib import Path
from typing import Final

END: Final = "<!-- End of the table. -->\n"


def page_with(table: str, page: Path, start: str) -> str:
    """Return the text of a page with this table after the comment `start` and before `END`.

    Raises:
        ValueError: the page does not have the two comments.
    """
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"{page} needs the lines {start!r} and {END!r}")
    return f"{before}{start}\n{table}\n{END}{after}"
