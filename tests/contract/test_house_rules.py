"""Rules of the house that no linter knows."""

import ast
import re
import sys
from pathlib import Path

import pytest
from mongoengine.base import get_document

from tests.contract.project import (
    ROOT,
    function_files,
    imported_modules,
    parsed,
    python_files,
    relative,
)
from tidings.operations.relay import OUTBOX_DOCUMENTS
from tidings.platform.database import DOMAINS
from tidings.platform.outbox import OutboxDocument

# ------------------------------------------------------------------ environment

READS_THE_ENVIRONMENT = {
    "layers/tidings/tidings/platform/settings.py",
    "localstack/tidings_local/launcher/settings.py",
    "localstack/tidings_local/localstack_plugin/settings.py",
}


def reads_environment(path: Path) -> bool:
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv"):
                return True
            case ast.ImportFrom(module="os", names=names):
                if {alias.name for alias in names} & {"environ", "environb", "getenv"}:
                    return True
    return False


def test_only_settings_read_the_environment() -> None:
    files = python_files("layers/tidings", "functions", "gateway", "localstack/tidings_local")
    assert len(files) > 50
    found = {relative(path) for path in files if reads_environment(path)}
    assert found == READS_THE_ENVIRONMENT


def test_the_rule_on_the_environment_sees_it(tmp_path: Path) -> None:
    for number, text in enumerate(
        ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
    ):
        path = tmp_path / f"{number}.py"
        path.write_text(text)
        assert reads_environment(path), text


# --------------------------------------------------------------- function files

each_file = pytest.mark.parametrize("path", sorted(function_files()), ids=lambda path: path.stem)
FUNCTION_MODULES = {path.parent.name for path in function_files()}


@each_file
def test_function_fits_on_a_screen_and_says_what_it_is(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40
    assert ast.get_docstring(parsed(path))


@each_file
def test_function_decides_nothing(path: Path) -> None:
    decisions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.If)]
    assert [node.lineno for node in decisions] == []


@each_file
def test_function_imports_ours_and_the_standard_library_only(path: Path) -> None:
    for module in imported_modules(path):
        top = module.split(".")[0]
        assert top == "tidings" or top in sys.stdlib_module_names, module


@pytest.mark.parametrize("path", python_files("functions", "gateway"), ids=relative)
def test_no_function_imports_another_one(path: Path) -> None:
    for module in imported_modules(path):
        assert module.split(".")[0] not in FUNCTION_MODULES, module
        assert not module.startswith("app"), module


# -------------------------------------------------------------------- documents


def subclasses(kind: type[OutboxDocument]) -> set[type[OutboxDocument]]:
    children: list[type[OutboxDocument]] = kind.__subclasses__()
    return {each for child in children for each in (child, *subclasses(child))}


def test_every_document_with_an_outbox_is_relayed() -> None:
    ours = {each for each in subclasses(OutboxDocument) if each.__module__.startswith("tidings.")}
    assert ours == set(OUTBOX_DOCUMENTS)


def test_every_models_module_was_looked_at() -> None:
    modules = {
        f"tidings.{path.parent.name}.models"
        for path in (ROOT / "layers/tidings/tidings").glob("*/models.py")
    }
    assert modules <= set(sys.modules)


@pytest.mark.parametrize(
    "name",
    [
        *("User", "PushToken", "Service", "Product", "StockMovement", "Reservation"),
        *("Activity", "Taste", "Demand", "Row", "Run"),
        *("Order", "Task", "Upload", "TemplateVersion", "Notification", "SendRequest"),
        *("Suppression", "PushEndpoint", "Feedback", "Unsubscription", "Campaign"),
    ],
)
def test_document_lives_in_its_domains_own_database(name: str) -> None:
    document = get_document(name)
    domain = document.__module__.split(".")[1]
    assert document._meta["db_alias"] == domain
    assert domain in DOMAINS


@pytest.mark.parametrize("document", OUTBOX_DOCUMENTS, ids=lambda each: each.__name__)
def test_relay_finds_waiting_events_by_an_index(document: type[OutboxDocument]) -> None:
    keys = [spec["fields"][0][0] for spec in document._meta["index_specs"]]
    assert "outbox.time" in keys


# ----------------------------------------------------------------- requirements

REQUIREMENTS = sorted(
    [*(ROOT / "localstack/requirements").glob("*.txt"), *(ROOT / "layers").rglob("*.txt")]
)
PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9_,-]+\])?==[^\s;]+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def test_there_are_requirements() -> None:
    assert len(REQUIREMENTS) >= 7


@pytest.mark.parametrize("path", REQUIREMENTS, ids=relative)
def test_every_package_is_pinned_and_hashed(path: Path) -> None:
    lines = path.read_text().splitlines()
    meant = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert meant
    for number, line in enumerate(meant):
        assert PIN.match(line) or HASH.match(line), line
        if PIN.match(line):
            assert HASH.match(meant[number + 1]), f"{line}: no hash"


@pytest.mark.parametrize("path", REQUIREMENTS, ids=relative)
def test_requirements_name_no_host(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|-f|--find-links)\b", text, re.M)


# ---------------------------------------------------------------------- secrets

CONFIGURATION = {".py", ".yaml", ".yml", ".json", ".toml", ".conf", ".graphql", ".in", ".txt", ""}
SECRETS = [
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"://[^:/\s\"'{}$<]+:(?!password@)[^@/\s\"'{}$<]+@"),
    re.compile(r"""(?i)\b(password|secret_key|api_key|token)\b\s*[:=]\s*["'][^"'{}$<]{8,}["']"""),
]
# Words that the patterns take for secrets.
HARMLESS = {
    "amqp://user:password@host:port/virtual-host",
}


def sources() -> list[Path]:
    folders = ("layers", "functions", "gateway", "events", "infra", "localstack", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [ROOT / "template.yaml", ROOT / "Makefile", ROOT / "pyproject.toml"]
    return [
        path
        for path in files
        if path.suffix in CONFIGURATION and not {"__pycache__", "egg-info"} & set(path.parts)
    ]


def test_no_secret_is_written_down() -> None:
    found = [
        f"{relative(path)}: {hit[0]}"
        for path in sources()
        for pattern in SECRETS
        for hit in pattern.finditer(path.read_text(errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN EC PRIVATE KEY-----",
        "AKIA" + "A" * 16,
        "amqp://guest:guest@localhost",
        'password = "correct horse"',
    ],
)
def test_the_rule_on_secrets_sees_them(text: str) -> None:
    assert any(pattern.search(text) for pattern in SECRETS)


def test_template_has_no_secret_among_its_defaults() -> None:
    text = (ROOT / "template.yaml").read_text()
    assert "NoEcho" not in text
    assert "{{resolve:" not in text
