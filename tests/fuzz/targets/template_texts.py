"""Texts of templates: stored and rendered within the limits, or refused with faults.

The first byte selects whether the rest is HTML or plain text.
"""

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from tidings.templates import rendering
from tidings.templates.checking import check as check_template
from tidings.templates.content import TemplateContent
from tidings.templates.errors import RenderingFailed, TemplateRefused
from tidings.templates.sandbox import MAX_CHARACTERS

VARIABLES: dict[str, Any] = {"who": "Ada <&>", "items": ["a", {"price": 1250, "at": "2026-11-21"}]}
ODD_VARIABLES: list[dict[str, Any]] = [
    {"who": [], "items": {"a": 1}},
    {"who": 1e300, "items": [[None]] * 400},
    {"who": True, "items": ""},
]

TAKEN = [
    b"hHello {{ who }}, <b>{{ shop_name }}</b>{{ 'Go'|button(shop_url) }}",
    b"tHello {{ who|upper|truncate(20) }}{# or #}{% raw %}{{ {% endraw %}",
    b"t{% for i in items %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}",
    b"h{% if who is defined and items|length > 1 %}{{ items[1].price|money('EUR') }}{% endif %}",
    b"t{{ items[1].at|date }}{{ nothing if who == 'x' else who }}",
]
REFUSED = [
    *(b"", b"h", b"t{{", b"t{{ unknown }}", b"t{% set x = 1 %}", b"t{{ who.__class__ }}"),
    *(b"t{{ 'a' * 9 }}", b"t" + b"{{ (" * 500, b"h{{ range(9) }}", b"t{{ 'x'|button('y') }}"),
]
WORDS = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "who", "items", "loop", "loop.index"),
    *(" if ", " elif ", " else ", "endif", "for ", " in ", "endfor", "raw", "endraw", "macro "),
    *("|upper", "|join", "|money('EUR')", "|date", "|datetime", "|button", "|default", "|length"),
    *("|truncate", "|urlencode", "|trim", "|capitalize", "recursive", "is defined", "is none"),
    *("__class__", "include ", "import ", "set ", "call", "**", "~", "//", "not ", "and ", "or "),
    *("1e999", "0x", "1_000", "\\u0000", "\\x", "\\N{", "true", "none", "_counted", "_budget"),
]


def check(data: bytes) -> bool:
    try:
        content = content_of(data[1:].decode(errors="replace"), html=data[:1] == b"h")
        check_template(content)
    except (ValidationError, TemplateRefused) as refused:
        str(refused).encode()
        return False
    compiled = rendering.CompiledVariant(content, content.variants[0])
    assert size_of(compiled.render(VARIABLES))
    for variables in ODD_VARIABLES:
        with suppress(RenderingFailed):
            size_of(compiled.render(variables))
    return True


def content_of(text: str, *, html: bool) -> TemplateContent:
    mail = {"subject": "News", "html": text if html else "<p>News</p>", "text": "News"}
    part = {"email": mail} if html else {"email": mail | {"text": text}, "sms": {"text": text}}
    return TemplateContent.model_validate(
        {
            "required_variables": ["who", "items"],
            "optional_variables": ["nothing"],
            "sample_variables": VARIABLES,
            "variants": [{"language": "en"} | part],
        }
    )


def size_of(message: rendering.Rendered) -> int:
    size = sum(len(part or "") for part in message.model_dump().values())
    assert size < 2 * MAX_CHARACTERS
    message.model_dump_json().encode()
    return size
