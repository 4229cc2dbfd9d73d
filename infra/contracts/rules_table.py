"""The table of the scheduled rules, for the overview of operators."""

from pathlib import Path
from typing import Final

from infra.contracts.template import Rule, scheduled_rules

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "layers/tidings/tidings/monitoring/overview/template_rules.py"
# ruff puts the items of a longer one on lines of their own.
LONGEST_ROW: Final = 93


def table() -> str:
    """Return the content of the file."""
    lines = [
        '"""The scheduled rules of template.yaml; `make contracts` writes this file."""',
        "",
        "from typing import Final",
        "",
        "# A rule, its function, the module of its job, its schedule, and whether it is enabled.",
        "RULES: Final[tuple[tuple[str, str, str, str, bool], ...]] = (",
        *map(_row, scheduled_rules()),
        ")",
    ]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    texts = (rule.name, rule.function, rule.job, rule.schedule)
    items = [*(f'"{each}"' for each in texts), str(rule.is_enabled)]
    if len(", ".join(items)) > LONGEST_ROW:
        return "\n".join(["    (", *(f"        {each}," for each in items), "    ),"])
    return f"    ({', '.join(items)}),"
