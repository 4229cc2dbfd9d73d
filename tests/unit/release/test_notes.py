"""A release publishes the changelog's section of its version."""

import pytest

from infra.release.notes import CHANGELOG, HEADING, main, notes

TEXT = """# Changelog

## Unreleased

- later

## 1.2.0 - 2026-11-30

### Added

- a thing

## [1.1.0]

- an old thing

## 1.0.0

"""


@pytest.mark.parametrize(
    ("version", "section"),
    [
        ("1.2.0", "### Added\n\n- a thing\n"),
        ("1.1.0", "- an old thing\n"),
        ("Unreleased", "- later\n"),
    ],
)
def test_section_of_a_version(version: str, section: str) -> None:
    assert notes(TEXT, version) == section


@pytest.mark.parametrize("version", ["1.2", "1.0.0", "2.0.0", "a thing"])
def test_missing_or_empty_section_is_an_error(version: str) -> None:
    with pytest.raises(LookupError, match=r"CHANGELOG\.md has no"):
        notes(TEXT, version)


def test_program_fails_without_a_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["0.0.0"]) == 1
    assert "0.0.0" in capsys.readouterr().err
    assert main([]) == 2


def test_program_prints_a_section_of_our_changelog(capsys: pytest.CaptureFixture[str]) -> None:
    heading = HEADING.search(CHANGELOG.read_text())
    assert heading
    assert main([heading["version"]]) == 0
    assert capsys.readouterr().out.startswith("### ")
