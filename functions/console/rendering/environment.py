"""The templates of the console. Each environment of the function compiles a template once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rendering.sparklines import sparkline

FOLDER: Final = Path(__file__).parent.parent / "templates"


@cache
def environment() -> Environment:
    """Return the environment; every value is escaped, and a missing one is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["sparkline"] = sparkline
    return made


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """Return a page as HTML."""
    return environment().get_template(template).render(values)
