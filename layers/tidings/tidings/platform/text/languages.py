"""Language tags: well-formed by BCP 47 (RFC 5646), stored in canonical form, found by lookup.

Well-formed does not mean registered: `xx-YY` is accepted, because the registry grows. Lookup falls
back to a shorter tag.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# RFC 5646 section 4.4.1: implementations must be able to store this many characters.
MAX_CHARACTERS: Final = 35
EXAMPLES: Final = ("de", "es-419", "zh-Hans-CN")

# Grandfathered tags (RFC 5646 section 2.2.8) with their canonical form, and codes that ISO 639
# replaced. Old phones and Java still send those.
_REPLACED: Final[Mapping[str, str]] = {
    **{"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"},
    **{"art-lojban": "jbo", "no-bok": "nb", "no-nyn": "nn", "zh-guoyu": "cmn", "zh-hakka": "hak"},
    **{"zh-min-nan": "nan", "zh-xiang": "hsn", "en-gb-oed": "en-GB-oxendict", "i-ami": "ami"},
    **{"i-bnn": "bnn", "i-hak": "hak", "i-klingon": "tlh", "i-lux": "lb", "i-navajo": "nv"},
    **{"i-pwn": "pwn", "i-tao": "tao", "i-tay": "tay", "i-tsu": "tsu", "i-default": "i-default"},
    **{"i-enochian": "i-enochian", "i-mingo": "i-mingo"},
    **{"sgn-be-fr": "sfb", "sgn-be-nl": "vgt", "sgn-ch-de": "sgg"},
}
# RFC 5646 section 2.1. No registered language has more than three letters.
_TAG: Final = (
    r"^([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}"  # language, extended languages
    r"(-[A-Za-z]{4})?"  # script
    r"(-([A-Za-z]{2}|[0-9]{3}))?"  # region
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"  # variants
    r"(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*"  # extensions
    r"(-[Xx](-[A-Za-z0-9]{1,8})+)?"  # private use
    r"|[Xx](-[A-Za-z0-9]{1,8})+)$"
)


def canonical(tag: str) -> str:
    """Return a tag in the form that is compared and stored: `ZH-hans-cn` is `zh-Hans-CN`.

    Raises:
        PydanticCustomError: the tag is malformed.
    """
    replaced = _REPLACED.get(tag.lower())
    if replaced is not None:
        return replaced
    if not re.fullmatch(_TAG, tag):
        raise PydanticCustomError(
            "language_tag", "write a language tag of BCP 47, such as de, es-419 or zh-Hans-CN"
        )
    first, *rest = tag.lower().split("-")
    parts = [_REPLACED.get(first, first)]
    for part in rest:
        # After a singleton (an extension, private use) everything is lower case.
        parts.append(part if any(len(each) == 1 for each in parts) else _cased(part))
    return "-".join(parts)


def lookup(wanted: str, known: Iterable[str]) -> str | None:
    """Return the known tag that matches best (RFC 4647 section 3.4), or None.

    For `zh-Hans-CN` it tries `zh-Hans-CN`, `zh-Hans` and `zh`.
    """
    by_name = {each.lower(): each for each in known}
    parts = wanted.lower().replace("_", "-").split("-")
    while parts:
        found = by_name.get("-".join(parts))
        if found is not None:
            return found
        parts.pop()
        if parts and len(parts[-1]) == 1:  # a singleton has no meaning at the end
            parts.pop()
    return None


def _cased(part: str) -> str:
    if part.isalpha() and len(part) == 4:
        return part.title()
    return part.upper() if len(part) == 2 else part


@dataclass(frozen=True)
class _LanguageTag:
    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(max_length=MAX_CHARACTERS)
        return core_schema.no_info_after_validator_function(canonical, text)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"pattern": _TAG, "examples": list(EXAMPLES)}


Language = Annotated[str, _LanguageTag()]
