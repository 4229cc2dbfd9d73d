"""The charts of docs/performance.md, drawn from the tables below them."""

import re
from pathlib import Path
from typing import Final

from tidings_local.launcher.developing.bench_chart import chart
from tidings_local.launcher.developing.bench_tables import tables_in

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/performance.md"
IMAGE: Final = re.compile(r"!\[[^\]]*\]\((performance-[a-z]+\.svg)\)")


def charts() -> dict[Path, str]:
    """Return the files of the page's charts.

    Each image has its table below it; `<!-- chart: ... -->` above the table names the column.
    """
    text = PAGE.read_text(encoding="utf-8")
    drawn = [chart(each, each.charted) for each in tables_in(text) if each.charted]
    return {
        PAGE.with_name(name): content
        for name, content in zip(IMAGE.findall(text), drawn, strict=True)
    }
