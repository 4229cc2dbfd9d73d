"""The model's results as Markdown tables, as `make cost` prints them and docs/cost.md has them."""

from collections.abc import Iterable

from infra.cost.inputs import capacity, measured, prices
from infra.cost.model import MILLION, QUEUE, SECONDS_OF_MONTH, Model

NAMES = {
    "ses": "SES",
    "mongodb": "MongoDB",
    "amazon_mq": "Amazon MQ",
    "redis": "Redis",
    "lambda": "Lambda",
    "api_gateway": "API Gateway",
    "nat_gateway": "NAT gateway",
}


def all_tables(model: Model | None = None) -> str:
    """Return the three tables with their headings."""
    model = model or Model(prices(), measured(), capacity())
    return "\n\n".join(
        (
            "### A million orders, without the parts that cost by the hour\n\n" + by_use(model),
            "### A month at a load\n\n" + by_load(model),
            "### The load at which each part grows\n\n" + growth(model),
        )
    )


def by_use(model: Model) -> str:
    sizes = sorted({load.batch for load in model.capacity.loads})
    columns = {size: model.by_use(size) for size in sizes}
    rows = [[name, *(_money(columns[size][name]) for size in sizes)] for name in columns[sizes[0]]]
    total = ["**total**", *(f"**{_money(sum(columns[size].values()))}**" for size in sizes)]
    return _table(["component", *(f"batches of {size}" for size in sizes)], [*rows, total])


def by_load(model: Model) -> str:
    loads = model.capacity.loads
    fixed = [model.by_time(load.orders, load.batch) for load in loads]
    used = [sum(model.by_use(load.batch).values()) for load in loads]
    millions = [load.orders * SECONDS_OF_MONTH / MILLION for load in loads]
    rows = [["million orders a month", *(f"{each:,.1f}" for each in millions)]]
    for name in fixed[0]:
        label = NAMES.get(name, name)
        rows.append([label, *(_money(each[name]) for each in fixed)])
    months = [sum(each.values()) for each in fixed]
    rows.append(["by use", *(_money(a * b) for a, b in zip(used, millions, strict=True))])
    totals = [a + b * c for a, b, c in zip(months, used, millions, strict=True)]
    rows.append(["**total of a month**", *(f"**{_money(each)}**" for each in totals)])
    each_million = [a / b for a, b in zip(totals, millions, strict=True)]
    rows.append(["**a million orders**", *(f"**{_money(each)}**" for each in each_million)])
    return _table(["", *(f"{load.orders:,.0f} orders/s" for load in loads)], rows)


def growth(model: Model) -> str:
    loads = model.capacity.loads
    rows = []
    for part in model.parts():
        then, unit = _then(model, part)
        units = [f"{model.units(part, load.orders, load.batch):,}" for load in loads]
        limit = model.limit(part)
        label = NAMES.get(part, f"queue of `{part.removeprefix(QUEUE)}`")
        rows.append([label, unit, f"{limit:,.0f}", *units, then])
    header = ["part", "one unit", "orders/s of one", *(f"{each.orders:,.0f}/s" for each in loads)]
    return _table([*header, "then"], rows)


def unverified() -> list[str]:
    """Return the names of the prices that no source confirms."""
    return [name for name, price in prices().items() if not price.verified]


def _then(model: Model, part: str) -> tuple[str, str]:
    if part.startswith(QUEUE):
        return model.capacity.queue_then, f"{model.one_unit(part):,.0f} messages a second"
    found = model.capacity.parts[part]
    return found.then, f"{found.capacity:,.0f} {found.unit}"


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars < 100 else f"${dollars:,.0f}"


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])
