"""Render a template, and say where it fails."""

from collections.abc import Mapping
from typing import Any

from tidings.monitoring.trying.schemas import TemplateFault
from tidings.platform.errors import TidingsError
from tidings.platform.messaging.history import told
from tidings.templates.content import Rendered
from tidings.templates.errors import RenderingFailed


def rendered(
    code: str, version: int, language: str, variables: Mapping[str, Any]
) -> Rendered | TemplateFault:
    """Return the message of these variables, or why it cannot be rendered."""
    # Jinja is imported with the first message that is rendered.
    from tidings.templates import rendering

    try:
        return rendering.render(
            code, version=version, language=language, variables=variables, logs=False
        )
    except TidingsError as error:
        part, line = _place_of(error)
        return TemplateFault(
            template_code=code, version=version, part=part, line=line, sentence=told(error)
        )


def _place_of(error: TidingsError) -> tuple[str | None, int | None]:
    return (error.part, error.line) if isinstance(error, RenderingFailed) else (None, None)
