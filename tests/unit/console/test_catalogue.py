"""The texts: both languages have the same keys, pages use all of them and no others."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Final

import pytest

from texts.catalogue import LANGUAGES, accepted, read, texts_in
from tidings.delivery.models import DeliveryStatus
from tidings.monitoring.explaining.reasons import REASONS, SUPPRESSED
from tidings.orders.states import OrderState

CONSOLE: Final = Path(__file__).parents[3] / "functions" / "console"
# t("key"), t.count("key", ...), texts("key"), t.word("group", ...) and t("group." ~ code).
USES: Final = re.compile(
    r"""(?<!\w)(?:t|texts)(?:\.(count|word))?\(\s*f?["']([\w.\-]*)(["'{])(\s*~)?"""
)
# Keys that are named elsewhere: in the table of pages, and in redirections.
LABELS: Final = re.compile(r'(?<![-\w])label="([\w.]+)"')
NOTICES: Final = re.compile(r'(?:notice=|Redirect\([^()]*, )"(\w+)"')


def sources() -> Iterator[str]:
    for folder, kind in (("templates", "*.html"), ("pages", "*.py"), ("web", "*.py")):
        for path in (CONSOLE / folder).rglob(kind):
            yield path.read_text(encoding="utf-8")


def used() -> tuple[set[str], set[str]]:
    """Return the keys that pages name, and the groups from which they choose by a code."""
    keys, groups = set[str](), {"notices."}
    for source in sources():
        keys |= set(LABELS.findall(source))
        keys |= {f"notices.{each}" for each in NOTICES.findall(source)}
        for form, key, end, joined in USES.findall(source):
            if form == "count":
                keys |= {f"{key}.one", f"{key}.other"}
            elif form == "word":
                groups.add(f"{key}.")
            elif end == "{" or joined:
                groups.add(key)
            else:
                keys.add(key)
    return keys, groups


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_languages_have_the_same_keys() -> None:
    keys = {language: set(read(language)) for language in LANGUAGES}
    assert keys["de"] == keys["en"]


@pytest.mark.parametrize("key", sorted(read("en")))
def test_languages_have_the_same_values_in_a_text(key: str) -> None:
    assert names_in(read("de")[key]) == names_in(read("en")[key])


def test_texts_are_translated_and_not_empty() -> None:
    same = [key for key, text in read("en").items() if read("de")[key] == text]
    assert len(same) < len(read("en")) / 5, same
    assert all(text.strip() == text != "" for each in LANGUAGES for text in read(each).values())


def test_every_key_that_a_page_uses_is_there() -> None:
    keys, groups = used()
    assert len(keys) > 30
    assert keys - set(read("en")) == set()
    assert [each for each in groups if not any(key.startswith(each) for key in read("en"))] in (
        [],
        ["notices."],
    )


def test_every_text_is_used() -> None:
    keys, groups = used()
    unused = {key for key in read("en") if key not in keys and not key.startswith(tuple(groups))}
    assert unused == set()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, en;q=0.5, de;q=0.7", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("de;q=0", "en"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("de;q=x, en", "en"),
        ("de" * 5_000, "en"),
    ],
)
def test_language_follows_the_browser(header: str, language: str) -> None:
    assert accepted(header) == language


def test_run_of_blanks_in_the_header_costs_nothing() -> None:
    begun = time.process_time()
    assert accepted(f"de{' ' * 30_000}x") == "en"
    assert time.process_time() - begun < 0.5


def test_number_chooses_the_form() -> None:
    texts = texts_in("en")
    with pytest.raises(KeyError):
        texts("no.such.key")
    assert texts.word("roles", "unknown") == "unknown"


def test_reasons_and_steps_of_explanations_have_texts() -> None:
    """Other languages than English show these in place of the domain's sentences."""
    reasons = {each.code for each in (*REASONS.values(), *SUPPRESSED.values())}
    steps = {f"delivery.{each}" for each in DeliveryStatus} | {
        f"order.{each}" for each in OrderState
    }
    wanted = {f"reasons.{each}" for each in reasons} | {f"steps.{each}" for each in steps}
    assert wanted - set(read("de")) == set()
