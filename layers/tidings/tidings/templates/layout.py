"""The layout around the content of every mail."""

import re
from collections.abc import Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2.environment import Template
from markupsafe import Markup

from tidings.templates.sandbox import Budget, compiled, run

FILE: Final = Path(__file__).with_name("layouts") / "email.html"

# Mail programs drop style sheets, so bare tags get inline styles.
STYLES: Final[Mapping[str, str]] = {
    "h1": "margin:0 0 16px;font-size:24px;line-height:32px;font-weight:bold",
    "h2": "margin:24px 0 8px;font-size:18px;line-height:24px;font-weight:bold",
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding:0 0 0 24px",
    "ol": "margin:0 0 16px;padding:0 0 0 24px",
    "li": "margin:0 0 12px",
    "code": "display:inline-block;padding:12px 20px;border:1px solid #8a97a6;border-radius:6px;"
    "font-family:Consolas,Menlo,monospace;font-size:24px;letter-spacing:3px;font-weight:bold",
    "small": "font-size:14px;line-height:20px",
}
BARE_TAG: Final = re.compile(f"<({'|'.join(STYLES)})>")

UNSUBSCRIBE: Final[Mapping[str, str]] = {"en": "Unsubscribe", "de": "Abbestellen"}
REASON: Final[Mapping[str, str]] = {
    "en": "You receive this because you have an account with us.",
    "de": "Sie erhalten diese Nachricht, weil Sie ein Konto bei uns haben.",
}
# For people without an account.
REASON_FOR_GUESTS: Final[Mapping[str, str]] = {
    "en": "You receive this because this address was given to us in our shop.",
    "de": "Sie erhalten diese Nachricht, weil diese Adresse in unserem Shop angegeben wurde.",
}


def dressed(source: str) -> str:
    """Add inline styles to the bare tags of a mail's content."""
    return BARE_TAG.sub(lambda tag: f'<{tag[1]} style="{STYLES[tag[1]]}">', source)


def surround(parts: MutableMapping[str, str], known: Mapping[str, Any]) -> None:
    """Put the layout around the rendered parts of a mail, in place."""
    preheader = parts.get("inbox.body") or parts.get("push.body") or ""
    subject = parts["email.subject"]
    parts["email.html"] = page(
        parts["email.html"], subject=subject, preheader=preheader, known=known
    )
    parts["email.text"] = letter(parts["email.text"], known=known)


def page(words: str, *, subject: str, preheader: str, known: Mapping[str, Any]) -> str:
    """Return the mail's HTML with the layout; content that is a whole page is unchanged.

    Args:
        words: rendered HTML, in which all variables are escaped.
        subject: the page's title.
        preheader: the text that mail programs show beside the subject.
        known: the variables of the template.
    """
    if "<html" in words[:1000].lower():
        return words
    around = (
        dict(known)
        | _words(known)
        | {
            "subject": subject,
            "preheader": preheader,
            "content": Markup(words),  # noqa: S704 (made by the sandbox, which escapes)
        }
    )
    return run(_layout(), around, Budget())


def letter(words: str, *, known: Mapping[str, Any]) -> str:
    """Return the mail's plain text with its footer (with the separator of RFC 3676, 4.3)."""
    around = _words(known)
    unsubscribe = known.get("unsubscribe_url")
    foot = [
        known.get("shop_name"),
        known.get("shop_url"),
        around["reason"],
        f"{around['unsubscribe']}: {unsubscribe}" if unsubscribe else None,
    ]
    return "\n".join([words.strip(), "", "-- ", *(str(line) for line in foot if line), ""])


def _words(known: Mapping[str, Any]) -> dict[str, str]:
    language = str(known["language"]).partition("-")[0]
    reasons = REASON_FOR_GUESTS if known.get("is_guest") else REASON
    return {
        "unsubscribe": UNSUBSCRIBE.get(language, UNSUBSCRIBE["en"]),
        "reason": reasons.get(language, reasons["en"]),
    }


@cache
def _layout() -> Template:
    return compiled(FILE.read_text(encoding="utf-8"), html=True)
