"""Print the changelog's section of a release: `python infra/release/notes.py 1.2.0`.

The release workflow publishes it as the release's description. It needs the standard library only.
"""

import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CHANGELOG: Final = ROOT / "CHANGELOG.md"
HEADING: Final = re.compile(r"^## \[?(?P<version>[^\]\s]+)\]?(?: .*)?$", re.MULTILINE)


def notes(changelog: str, version: str) -> str:
    """Return the section of a version without its heading.

    Raises:
        LookupError: the changelog has no such section, or it is empty.
    """
    headings = list(HEADING.finditer(changelog))
    ends = [following.start() for following in headings[1:]] + [len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading["version"] == version:
            if section := changelog[heading.end() : end].strip():
                return section + "\n"
            raise LookupError(f"CHANGELOG.md has nothing below the heading {version}")
    raise LookupError(f"CHANGELOG.md has no heading '## {version} - <date>'")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python infra/release/notes.py <version>\n")
        return 2
    try:
        sys.stdout.write(notes(CHANGELOG.read_text(encoding="utf-8"), arguments[0]))
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
