"""The built-in templates: version 1 of each is a file in defaults/."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from tidings.templates.content import TemplateContent

FOLDER: Final = Path(__file__).with_name("defaults")
FIRST_VERSION: Final = 1


@cache
def codes() -> frozenset[str]:
    """Return the codes of the built-in templates."""
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


@cache
def content_of(code: str) -> TemplateContent | None:
    """Return version 1 of a built-in template; None if no built-in template has this code."""
    if code not in codes():
        return None
    text = (FOLDER / f"{code}.toml").read_text(encoding="utf-8")
    return TemplateContent.model_validate(tomllib.loads(text))


def carries_code(code: str, content: TemplateContent) -> bool:
    """Say whether a template contains a code, in this content or in its built-in version."""
    built_in = content_of(code)
    return bool(content.code_variables or (built_in and built_in.code_variables))
