"""Language tags by BCP 47, and the choice of the nearest available one."""

import re

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from tidings.platform.text.languages import Language, canonical, lookup

LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
# All are well-formed and canonical; most are from RFC 5646, appendix A.
CANONICAL = [
    *("de", "fr", "en-US", "es-419", "en-001", "fil", "zh-Hant", "zh-Hans-CN", "sr-Latn"),
    *("sr-Latn-RS", "zh-cmn-Hans-CN", "cmn-Hans-CN", "zh-yue-HK", "sl-rozaj-biske", "de-CH-1901"),
    *("sl-IT-nedis", "hy-Latn-IT-arevela", "de-CH-x-phonebk", "az-Arab-x-aze-derbend"),
    *("x-whatever", "qaa-Qaaa-QM-x-southern", "en-US-u-islamcal", "zh-CN-a-myext-x-private"),
    *("en-a-myext-b-another", "ca-valencia", "und", "pt-BR", "kok-Deva", "ar-EG-u-nu-latn"),
]
MALFORMED = [
    *("", "e", "english", "german", "de_DE", "en_US", "de-", "-de", "de--AT", "de-419-DE", "12"),
    *("a-DE", "en-a", "en-x", "x", "ar-a-aaa-b-", "de AT", " de", "de ", "de\n", "dé", "d\u0435"),
    *(
        "../en",
        "*",
        "de-*",
        "zh-Hans-CN-",
        "en-abcdefghi",
        "de-AT-" + "x" * 40,
        "\x00",
        "i-unknown",
    ),
]


@pytest.mark.parametrize("tag", CANONICAL)
def test_tag_is_accepted_in_any_case_and_kept_in_canonical_form(tag: str) -> None:
    for written in (tag, tag.lower(), tag.upper(), tag.swapcase()):
        assert LANGUAGE.validate_python(written) == tag


@pytest.mark.parametrize("tag", MALFORMED, ids=ascii)
def test_malformed_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        LANGUAGE.validate_python(tag)


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        *(("i-klingon", "tlh"), ("I-LUX", "lb"), ("art-lojban", "jbo"), ("zh-min-nan", "nan")),
        *(("en-GB-oed", "en-GB-oxendict"), ("sgn-BE-FR", "sfb"), ("i-default", "i-default")),
        *(("iw", "he"), ("in-ID", "id-ID"), ("mo", "ro")),
    ],
)
def test_old_tags_are_replaced(tag: str, kept: str) -> None:
    assert canonical(tag) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    ("wanted", "known", "found"),
    [
        ("zh-Hans-CN", ["zh-Hans-CN", "zh-Hans", "zh"], "zh-Hans-CN"),
        ("zh-Hans-CN", ["zh", "zh-Hans"], "zh-Hans"),
        ("zh-Hans-CN", ["en", "zh"], "zh"),
        ("zh-Hans-CN", ["en", "zh-Hant"], None),
        ("es-419", ["en", "es"], "es"),
        ("en-001", ["en", "es"], "en"),
        ("sr-Latn", ["sr"], "sr"),
        ("fil", ["fi", "en"], None),
        ("de", ["de-AT"], None),
        ("DE-at", ["de", "de-AT"], "de-AT"),
        ("de-CH-x-phonebk", ["de-CH", "de"], "de-CH"),
        (
            "zh-Hant-CN-x-private1-private2",
            ["zh-Hant-CN-x-private1", "zh"],
            "zh-Hant-CN-x-private1",
        ),
        ("en-a-myext-b-another", ["en-a", "en"], "en"),
        ("x-whatever", ["en"], None),
    ],
)
def test_nearest_tag_is_found_by_lookup(wanted: str, known: list[str], found: str | None) -> None:
    assert lookup(wanted, known) == found


def test_schema_describes_the_accepted_tags() -> None:
    schema = LANGUAGE.json_schema()
    described = Draft202012Validator(schema)
    assert schema["maxLength"] == 35
    assert re.compile(schema["pattern"])
    assert all(described.is_valid(tag) for tag in CANONICAL)
    assert not any(described.is_valid(tag) for tag in MALFORMED if not tag.endswith("\n"))
