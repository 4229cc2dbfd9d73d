from pathlib import Path

from tidings_local.launcher.developing.dev.foreign import foreign_modules


def test_third_party_modules_are_found_wherever_they_are_imported(tmp_path: Path) -> None:
    package = tmp_path / "tidings"
    package.mkdir()
    (package / "a.py").write_text(
        "import json, redis.retry\nfrom tidings import b\nfrom . import c\n"
        "def later():\n    from pydantic.json_schema import SkipJsonSchema\n"
    )
    (package / "broken.py").write_text("def (:\n")
    assert foreign_modules([tmp_path]) == ("pydantic.json_schema", "redis.retry")
