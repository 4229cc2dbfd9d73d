"""Small line charts as SVG. Their look is in the style sheet, and their numbers are in a text."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 120
HEIGHT: Final = 28
# Room for the thickness of the line, and for the dot at its end.
EDGE: Final = 3

_CHART: Final = Markup(
    '<svg class="sparkline" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' role="img" aria-label="{label}" preserveAspectRatio="none" focusable="false">'
    '<polygon class="sparkline-area" points="{area}"/>'
    '<polyline class="sparkline-line" points="{line}"/></svg>'
)


def sparkline(values: Sequence[float | None], label: str) -> Markup:
    """Return a chart of values, oldest first; None is a time without a value. Without two
    values, or with nothing but zeros, there is nothing to see.

    Args:
        label: what it shows, for those who do not see it.
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    top = max((value for _, value in known), default=0)
    if len(known) < 2 or top <= 0:
        return Markup("")
    wide, high = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    points = [
        (EDGE + wide * place / (len(values) - 1), EDGE + high * (1 - max(0.0, value) / top))
        for place, value in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{points[0][0]:.1f},{HEIGHT} {line} {points[-1][0]:.1f},{HEIGHT}"
    return _CHART.format(width=WIDTH, height=HEIGHT, label=label, area=area, line=line)
