"""Read commands from a page of docs/, so that tests run them unchanged."""

import re

from bootstrap import ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str, heading: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a language below a heading, up to the next heading.

    Raises:
        LookupError: the page has no such heading, or no block of the language below it.
    """
    sections = re.split(r"^#+ ", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE)
    for section in sections:
        title, _, text = section.partition("\n")
        if title == heading:
            found = [code for name, code in BLOCK.findall(text) if name == language]
            if found:
                return found
    raise LookupError(f"{page}: no {language} below {heading!r}")
