"""Rules of this project that no linter checks."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
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
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.platform.auditing.entries import AuditEntry
from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.storage.database import DATABASES

# ------------------------------------------------------------------ environment

READS_THE_ENVIRONMENT = {
    "layers/tidings/tidings/platform/settings.py",
    "localstack/tidings_local/launcher/settings.py",
    # It reads no setting: it gives a forked process the environment of its function.
    "localstack/tidings_local/lambda_host/template_process.py",
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


def our_variables_read(tree: ast.AST) -> list[str]:
    """Return the `TIDINGS_` variables that a file reads from `os.environ`."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=name, ctx=ast.Load()):
                found.append(name)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="environ")), args=[name, *_]):
                found.append(name)
            case ast.Compare(left=name, comparators=[ast.Attribute(attr="environ")]):
                found.append(name)
    return [text for each in found if "TIDINGS_" in (text := ast.unparse(each))]


def test_tests_read_our_variables_by_their_settings() -> None:
    files = [path for path in python_files("tests") if "TIDINGS_" in path.read_text()]
    found = {relative(path): our_variables_read(parsed(path)) for path in files}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    ["os.environ['TIDINGS_A']", "os.environ.get('TIDINGS_A', '')", "'TIDINGS_A' in os.environ"],
)
def test_rule_on_our_variables_finds_them(text: str) -> None:
    assert our_variables_read(ast.parse(text)) == ["'TIDINGS_A'"]
    assert our_variables_read(ast.parse("os.environ['TIDINGS_A'] = ''")) == []


def test_tests_simulate_aws_in_one_place() -> None:
    """Elsewhere the clients might call the stack under test, and change its secrets and roles."""
    using = [
        relative(path)
        for path in python_files("tests")
        if "mock_aws" in path.read_text()
        and any(name.partition(".")[0] == "moto" for name in imported_modules(path))
    ]
    assert using == ["tests/simulated_aws.py"]


def test_rule_on_the_environment_finds_it(tmp_path: Path) -> None:
    for number, text in enumerate(
        ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
    ):
        path = tmp_path / f"{number}.py"
        path.write_text(text)
        assert reads_environment(path), text


# ------------------------------------------------------------------- time zones

TIME_ZONE_MODULES = {"zoneinfo", "dateutil", "pytz", "tzlocal"}


def test_time_zones_come_from_one_module() -> None:
    """Other sources would read the host's files; see `tidings.platform.timing.zones`."""
    files = python_files("layers", "functions", "gateway", "localstack", "events", "openapi")
    found = {
        relative(path)
        for path in files
        if TIME_ZONE_MODULES & {module.split(".")[0] for module in imported_modules(path)}
    }
    assert found == {"layers/tidings/tidings/platform/timing/zones.py"}


# ------------------------------------------------------------------ bulk writes


def bulk_writes(tree: ast.AST) -> list[ast.Call]:
    """Return the calls that write many documents of a collection at once."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"bulk_write", "insert_many"}
        and ast.unparse(node.func.value) != "outbox"
    ]


def guarded_bulk_writes(tree: ast.AST) -> list[ast.Call]:
    return [
        call
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and any("database.writing_many(" in ast.unparse(each) for each in node.items)
        for call in bulk_writes(node)
    ]


def test_errors_of_bulk_writes_quote_no_document() -> None:
    trees = [parsed(path) for path in python_files("layers/tidings", "functions", "gateway")]
    found = [call for tree in trees for call in bulk_writes(tree)]
    assert len(found) > 5
    assert found == [call for tree in trees for call in guarded_bulk_writes(tree)]


def test_rule_on_bulk_writes_finds_them() -> None:
    tree = ast.parse("documents.insert_many([])\nwith timeout(1):\n    documents.bulk_write([])")
    assert len(bulk_writes(tree)) == 2
    assert not guarded_bulk_writes(tree)


# ------------------------------------------------------- addresses and mail headers

OURS = ("layers/tidings", "functions", "gateway")
PLATFORM = "layers/tidings/tidings/platform"
DELIVERY = "layers/tidings/tidings/delivery"


def importers(*modules: str) -> set[str]:
    """Return our files that import one of these packages."""
    return {
        relative(path)
        for path in python_files(*OURS)
        if {*modules} & {module.split(".")[0] for module in imported_modules(path)}
    }


def test_addresses_and_hosts_are_read_in_one_place() -> None:
    """Two readers would make two forms of one mailbox (docs/decisions/0074)."""
    assert importers("email_validator", "idna") == {
        f"{PLATFORM}/text/addresses.py",
        f"{PLATFORM}/text/hostnames.py",
    }
    texts = {relative(path): path.read_text() for path in python_files(*OURS)}
    assert [name for name, text in texts.items() if "EmailStr" in text or '("idna")' in text] == []


def test_mails_are_made_in_one_place() -> None:
    """A parser of header values decodes text that a person typed (docs/decisions/0073)."""
    assert importers("email") == {f"{DELIVERY}/headers.py", f"{DELIVERY}/mime.py"}
    sets_headers = re.compile(r"\w+\[\"[A-Z][\w-]*\"\] = |add_header\(")
    assert not sets_headers.search((ROOT / DELIVERY / "mime.py").read_text())


# ------------------------------------------------------------------------ cuts

NAMES_OF_TEXTS = {
    *("answer", "body", "description", "label", "line", "message", "name", "note", "printable"),
    *("reason", "text", "title", "value", "word", "words"),
}
# Keys that no person reads, and modules that the launcher imports (standard library only).
NOT_SHOWN = {
    "platform/messaging/broker.py: message[:3]",
    "platform/text/search_keys.py: word[:MAX_WORD_CHARACTERS]",
    "platform/tracing/xray.py: NOT_IN_A_NAME.sub('_', span.name)[:NAME_CHARACTERS]",  # ASCII
    "products/catalogue.py: folded(product.title).encode()[:MAX_TITLE_KEY_BYTES]",
    "templates/layout.py: words[:1000]",
}


def is_text(node: ast.expr) -> bool:
    """Return whether an expression looks like a text, by its kind or its name."""
    match node:
        case ast.JoinedStr() | ast.BinOp() | ast.BoolOp():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in NAMES_OF_TEXTS
        case ast.Call(func=ast.Attribute(attr="decode" | "encode" | "strip" | "sub" | "replace")):
            return True
    return False


def cuts_in(tree: ast.Module) -> list[str]:
    """Return the slices that end a text at a limit: `title[:50]`."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and node.slice.upper is not None
        and is_text(node.value)
    ]


def test_texts_are_cut_at_whole_characters() -> None:
    """Slices cut an emoji or an accented letter in two; see `tidings.platform.text.cuts`."""
    found = {
        f"{relative(path).removeprefix('layers/tidings/tidings/')}: {cut}"
        for path in python_files("layers", "functions", "gateway")
        for cut in cuts_in(parsed(path))
        if not path.match("platform/text/cuts.py")
    }
    assert found - NOT_SHOWN == set()


@pytest.mark.parametrize(
    "source", ["each.title[:5]", "f'{a}'[:n]", "(a or b)[:9]", "raw.decode()[:9]", "name[0:50]"]
)
def test_rule_on_cuts_finds_them(source: str) -> None:
    assert cuts_in(ast.parse(source)) == [source]


# --------------------------------------------------------------- function files

each_file = pytest.mark.parametrize("path", sorted(function_files()), ids=lambda path: path.stem)
FUNCTION_MODULES = {path.parent.name for path in function_files()}


@each_file
def test_function_file_is_short_and_has_a_docstring(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40
    assert ast.get_docstring(parsed(path))


@each_file
def test_function_file_has_no_conditions(path: Path) -> None:
    decisions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.If)]
    assert [node.lineno for node in decisions] == []


@each_file
def test_function_imports_ours_and_the_standard_library_only(path: Path) -> None:
    own = packages_of(path)
    for module in imported_modules(path):
        top = module.split(".")[0]
        assert top == "tidings" or top in own or top in sys.stdlib_module_names, module


def packages_of(path: Path) -> set[str]:
    """Return the packages beside the file of a function, which only this function uses."""
    return {each.parent.name for each in path.parent.glob("*/__init__.py")}


def test_only_the_console_has_packages_of_its_own() -> None:
    """Other functions call one operation; rules belong to the domains in the layer."""
    below = [path.relative_to(ROOT / "functions").parts for path in python_files("functions")]
    assert {parts[0] for parts in below if len(parts) > 2} == {"console"}
    assert len(list((ROOT / "functions/console").glob("*.py"))) == 1


# -------------------------------------------------------------------- documents

# Loads all documents, also when only this file runs.
for place in (ROOT / "layers/tidings/tidings").glob("*/models.py"):
    importlib.import_module(f"tidings.{place.parent.name}.models")


def subclasses(kind: type[OutboxDocument]) -> set[type[OutboxDocument]]:
    children: list[type[OutboxDocument]] = kind.__subclasses__()
    return {each for child in children for each in (child, *subclasses(child))}


def test_every_document_with_an_outbox_is_relayed() -> None:
    ours = {each for each in subclasses(OutboxDocument) if each.__module__.startswith("tidings.")}
    assert ours == set(OUTBOX_DOCUMENTS)


# Decision 107: delivery owns it, and its stored place is unchanged.
STORED_IN = {
    "Notification": "notifications",
    # The domain had this name before, and its data is still stored there.
    "FailedMessage": "operations",
    "Lease": "operations",
    # The platform writes it, and the domain reads it.
    "AuditEntry": "operations",
}


@pytest.mark.parametrize(
    "name",
    [
        *("User", "PushToken", "Service", "Product", "StockMovement", "Reservation"),
        *("Activity", "CustomerProfile", "Demand", "Row", "Run"),
        *("Order", "Task", "Upload", "TemplateVersion", "Notification", "SendRequest"),
        *("Suppression", "PushEndpoint", "Feedback", "Unsubscription", "MailResponse"),
        *("Campaign", "CampaignTestRequest"),
        *("FailedMessage", "Lease", AuditEntry.__name__),  # nothing above imports its module
    ],
)
def test_document_lives_in_its_domains_own_database(name: str) -> None:
    document = get_document(name)
    domain = document.__module__.split(".")[1]
    database = STORED_IN.get(name, domain)
    assert document._meta["db_alias"] == database
    assert database in DATABASES


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
# Words that the patterns wrongly match.
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


def test_no_secret_is_in_the_repository() -> None:
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
def test_rule_on_secrets_finds_them(text: str) -> None:
    assert any(pattern.search(text) for pattern in SECRETS)


def test_template_has_no_secret_among_its_defaults() -> None:
    text = (ROOT / "template.yaml").read_text()
    assert "NoEcho" not in text
    assert "{{resolve:" not in text


# ------------------------------------------------------------------------ tests


def values_of_parameters(path: Path) -> Iterator[ast.expr]:
    """Yield the values of each `pytest.mark.parametrize` of a file."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Call(func=ast.Attribute(attr="parametrize"), args=[_, values, *_]):
                yield values


def is_a_set(values: ast.expr) -> bool:
    match values:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.BinOp(left=left, right=right):
            return is_a_set(left) or is_a_set(right)
    return False


def test_parameters_of_tests_have_an_order() -> None:
    """Two workers have to collect the same tests, and sets have another order in each process."""
    found = [
        f"{relative(path)}:{values.lineno}"
        for path in python_files("tests")
        for values in values_of_parameters(path)
        if is_a_set(values)
    ]
    assert found == []
