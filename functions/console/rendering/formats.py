"""Numbers, times and durations as a language writes them. Times are in UTC."""

from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from tidings.products.currencies import DECIMALS

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_VALUE: Final = "\u2013"
_SWAPPED: Final = str.maketrans(",.", ".,")
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


class Formats:
    """The forms of one language."""

    def __init__(self, language: str) -> None:
        self._is_german = language == "de"

    def number(self, value: float | None, places: int = 0) -> str:
        """Return a number, in groups of three digits."""
        if value is None:
            return NO_VALUE
        text = f"{value:,.{places}f}"
        return text.translate(_SWAPPED) if self._is_german else text

    def share(self, part: float, whole: float) -> str:
        """Return a part as a percentage."""
        share = self.number(100 * part / whole if whole else 0, 1)
        return f"{share} %" if self._is_german else f"{share}%"

    def percent(self, text: str) -> str:
        """Return a per cent that is written with a point: `12.5`."""
        return f"{text.translate(_SWAPPED)} %" if self._is_german else f"{text}%"

    def money(self, amount: int, currency: str) -> str:
        """Return an amount in minor units, with its currency: `1,299.00 EUR`."""
        decimals = DECIMALS.get(currency, 0)
        whole, rest = divmod(abs(amount), 10**decimals)
        fraction = f".{rest:0{decimals}}" if decimals else ""
        text = f"{'-' * (amount < 0)}{whole:,}{fraction}"
        return f"{text.translate(_SWAPPED) if self._is_german else text} {currency}"

    def date(self, at: datetime | None) -> str | Markup:
        """Return the day of a time."""
        return self._marked(at, "day") if at else NO_VALUE

    def time(self, at: datetime | None) -> str | Markup:
        """Return a time with its day and seconds."""
        return self._marked(at, "both") if at else NO_VALUE

    def plain_time(self, at: datetime | None) -> str:
        """Return a time as `time` does, without markup, for use within a text."""
        return f"{self._text(at.astimezone(UTC), 'both')} UTC" if at else NO_VALUE

    def clock(self, at: datetime | None) -> str | Markup:
        """Return the time of the day with seconds."""
        return self._marked(at, "clock") if at else NO_VALUE

    def _marked(self, at: datetime, form: str) -> Markup:
        utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        exact = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
            exact, utc.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], self._text(utc, form)
        )

    def _text(self, utc: datetime, form: str) -> str:
        clock = f"{utc:%H:%M:%S}"
        if self._is_german:
            day = f"{utc:%d.%m.%Y}"
        else:
            day = f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"
        return {"day": day, "clock": clock, "both": f"{day}, {clock}"}[form]

    def milliseconds(self, value: float | None) -> str:
        """Return a duration that is given in milliseconds."""
        return self.duration(None if value is None else value / 1000)

    def duration(self, seconds: float | None) -> str:
        """Return a duration by its two largest units: `3 min 20 s`."""
        if seconds is None:
            return NO_VALUE
        if seconds == 0:
            return "0 s"
        if seconds < 1:
            return f"{self.number(seconds * 1000)} ms"
        if seconds < 10:
            return f"{self.number(seconds, 1)} s"
        rest, parts = int(seconds), []
        for unit, size in _UNITS:
            count, rest = divmod(rest, size)
            if count:
                parts.append(f"{count} {unit}")
        return " ".join(parts[:2])
