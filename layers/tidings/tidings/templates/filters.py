"""The filters that templates may use, besides a few of Jinja's own.

Each accepts only the types that it is made for, and none produces large output from small input.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined
from markupsafe import Markup, escape

from tidings.platform.text.cuts import ELLIPSIS, cut
from tidings.platform.timing.zones import UnknownZone, zone
from tidings.products.currencies import DECIMALS
from tidings.templates.errors import BrokenTemplate
from tidings.templates.values import WEB_ADDRESS

MAX_SEPARATOR: Final = 20

MONTHS: Final[Mapping[str, str]] = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}

BUTTON: Final = Markup(
    '<table role="presentation" cellpadding="0" cellspacing="0" border="0" '
    'style="margin:24px 0 8px"><tr><td style="border-radius:6px;background:#1f5fa8">'
    '<a href="{url}" style="display:inline-block;padding:12px 24px;border-radius:6px;'
    'color:#ffffff;font-weight:bold;text-decoration:none">{label}</a></td></tr></table>'
)


def text_of(value: Any) -> str:
    """Return the printed form of a value; None prints nothing.

    Raises:
        UndefinedError: the value is undefined.
        BrokenTemplate: the value is a list or an object.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float | Undefined):
        return str(value)
    raise BrokenTemplate("A list or an object cannot be printed; print its parts.")


def finalize(value: Any) -> Any:
    return value if isinstance(value, Markup) else text_of(value)


def join(value: Any, separator: str = ", ") -> str:
    """Join the texts of a list."""
    if not isinstance(value, list) or len(str(separator)) > MAX_SEPARATOR:
        raise BrokenTemplate("The filter join takes a list and a short separator.")
    return str.__str__(separator).join(text_of(each) for each in value)


def truncate(value: Any, length: int = 100) -> str:
    """Cut a longer text and end it with an ellipsis."""
    if not isinstance(length, int) or length < 1:
        raise BrokenTemplate("The filter truncate takes a length.")
    text = text_of(value)
    return cut(text, length, ellipsis=ELLIPSIS)


@pass_context
def money(context: Context, value: Any, currency: Any) -> str:
    """Format an amount in minor units: `1,299.00 EUR`, in German `1.299,00 EUR`."""
    if not isinstance(value, int) or currency not in DECIMALS:
        raise BrokenTemplate("The filter money takes whole minor units and a currency.")
    decimals = DECIMALS[currency]
    whole, rest = divmod(abs(value), 10**decimals)
    thousands, point = (".", ",") if _language(context) == "de" else (",", ".")
    amount = f"{whole:,}".replace(",", thousands) + (f"{point}{rest:0{decimals}}" * bool(decimals))
    return f"{'-' * (value < 0)}{amount} {currency}"


@pass_context
def date_of(context: Context, value: Any) -> str:
    """Format a day: `21 November 2026`, in German `21. November 2026`."""
    day, language = _moment(context, value), _language(context)
    month = MONTHS.get(language, MONTHS["en"]).split()[day.month - 1]
    return f"{day.day}{'.' if language == 'de' else ''} {month} {day.year}"


@pass_context
def datetime_of(context: Context, value: Any) -> str:
    """Format a day and time in the reader's time zone, or in UTC."""
    moment = _moment(context, value)
    return f"{date_of(context, value)}, {moment:%H:%M} {moment.tzname() or ''}".rstrip()


def button(label: Any, url: Any) -> Markup:
    """Return a link that looks like a button; nothing without an address."""
    if not url:
        return Markup("")
    if not isinstance(url, str) or not WEB_ADDRESS.fullmatch(url):
        raise BrokenTemplate("The filter button takes a label and a web address.")
    return BUTTON.format(url=escape(str.__str__(url)), label=escape(text_of(label)))


def _language(context: Context) -> str:
    return str(context.get("language") or "en").partition("-")[0]


def _moment(context: Context, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text_of(value))
        name = context.get("time_zone")
        if name and moment.tzinfo:
            moment = moment.astimezone(zone(name))
    except UnknownZone:
        raise BrokenTemplate("The variable time_zone is not a zone of the IANA database.") from None
    except (ValueError, OverflowError):
        raise BrokenTemplate("The filters date and datetime take a time in ISO 8601.") from None
    return moment
