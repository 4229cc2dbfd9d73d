"""Writes functions/operations/openapi.json from the endpoints' contracts and template.yaml.

`make contracts` runs it; a test fails when the file differs from what it would write.
"""

import json
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FILE: Final = ROOT / "functions/operations/openapi.json"


def content() -> str:
    """Return what the file has to be."""
    from openapi.document import document

    return json.dumps(document(), indent=2) + "\n"


def main() -> None:
    FILE.write_text(content(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    # Started as a file, Python looks for modules in this folder, not in the project's.
    sys.path[:0] = [str(ROOT), str(ROOT / "layers/tidings"), str(ROOT / "functions")]
    main()
