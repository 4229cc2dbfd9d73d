"""The table of retention has a row for everything that is kept, and its periods hold."""

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from infra.contracts.retention_page import in_words
from tests.contract.project import ROOT, TemplateLoader, parsed, python_files, relative
from tests.contract.project import template as read_template
from tidings.delivery import frequency_rules
from tidings.platform.messaging.queue_names import QUEUES, RETRY_DELAYS_SECONDS
from tidings.platform.retention import elsewhere, in_redis, stored
from tidings.platform.retention.row import BY_INDEX, EXPIRES_AT, SWEEPING, Means, Retention
from tidings.platform.retention.table import ELSEWHERE, IN_REDIS, ROWS, STORED
from tidings.platform.security.auth import ACCESS_TOKEN_SECONDS
from tidings.platform.security.ended_sessions import REFUSED_SECONDS
from tidings.platform.storage.documents import StoredDocument
from tidings.users import codes, throttle
from tidings_local.launcher.running import supervisor_config
from tidings_local.launcher.running.services import monitoring
from tidings_local.runner.records import log_file

DOMAINS: Final = ROOT / "layers/tidings/tidings"
PACKAGES: Final = ("layers/tidings", "functions", "gateway")


def documents() -> list[Any]:
    """Return the class of each collection."""
    for path in sorted(DOMAINS.rglob("*.py")):
        if "StoredDocument" in (text := path.read_text()) or "OutboxDocument" in text:
            name = path.relative_to(DOMAINS.parent).with_suffix("").as_posix().replace("/", ".")
            importlib.import_module(name)
    return [each for each in _below(StoredDocument) if each._meta.get("collection")]


def _below(kind: Any) -> Iterator[Any]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("tidings."):
            yield child
        yield from _below(child)


def name_of(document: Any) -> str:
    return f"{document._meta['db_alias']}.{document._meta['collection']}"


def plain(row: Retention) -> str:
    """Return a row's name without the brackets."""
    return row.name.partition(" (")[0]


def test_every_collection_has_a_row_and_every_row_a_collection() -> None:
    assert {name_of(each) for each in documents()} == {plain(row) for row in STORED}


def test_each_row_is_there_once() -> None:
    names = [row.name for row in ROWS]
    assert sorted(set(names)) == sorted(names)


def expiring(document: Any) -> dict[str, int]:
    """Return the declared TTL indexes: their seconds by their field."""
    return {
        index["fields"][0]: index["expireAfterSeconds"]
        for index in document._meta["indexes"]
        if isinstance(index, dict) and "expireAfterSeconds" in index
    }


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_ttl_indexes_are_those_of_the_table(document: Any) -> None:
    rows = [row for row in STORED if plain(row) == name_of(document) and row.means in BY_INDEX]
    wanted = {
        str(row.field): 0 if row.field == EXPIRES_AT else int(row.period.total_seconds())
        for row in rows
    }
    assert expiring(document) == wanted


def test_only_the_table_has_periods_of_indexes() -> None:
    writers = {
        relative(path)
        for path in python_files(*PACKAGES)
        if "expireAfterSeconds" in path.read_text()
    }
    platform = "layers/tidings/tidings/platform"
    assert writers == {f"{platform}/retention/row.py", f"{platform}/storage/documents.py"}


@pytest.mark.parametrize(
    "row", [row for row in STORED if row.means in SWEEPING], ids=lambda row: row.name
)
def test_swept_documents_have_ids_by_time(row: Retention) -> None:
    """The job deletes by ids, so each must be one of `new_id`, or a notification's."""
    by_time = {
        *("notifications.notifications", "products.stock_movements", "operations.audit_trail"),
        # Their ids are those of notifications.
        *("delivery.mail_responses", "delivery.unsubscriptions"),
    }
    assert row.name in by_time or row is stored.UPLOADS


# ------------------------------------------------------------------------- Redis
STORES: Final = {"store": in_redis.STORE, "cache": in_redis.CACHE}


def families() -> set[str]:
    """Return the first parts of all keys that the code makes."""
    return {name for path in python_files(*PACKAGES) for name in families_in(parsed(path))}


def families_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="store" | "cache" as service), attr="key"),
                args=[ast.Constant(value=str(first)), *more],
            ):
                if first == "cache" and not isinstance(more[0], ast.Constant):
                    continue  # its name is that of its `ReadThrough` or `Snapshots`
                if first == "cache":
                    first = f"cache:{ast.literal_eval(more[0])}"
                yield STORES[service] + first
            case ast.Call(
                func=ast.Name(id="ReadThrough" | "Snapshots"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield f"{in_redis.CACHE}cache:{name}"
            case ast.Call(func=ast.Attribute(attr="key", value=ast.Name(id="store" | "cache"))):
                raise AssertionError(f"the first part of a key is no text: {ast.unparse(node)}")


def test_every_family_of_keys_has_a_row() -> None:
    assert families() == {row.name for row in IN_REDIS}


def test_keys_of_every_form_are_found() -> None:
    text = 'a = store.key("x", y); cache.key("cache", "z"); b = ReadThrough("n", str, ttl=1)'
    found = set(families_in(ast.parse(text)))
    assert found == {"security store: x", "cache: cache:z", "cache: cache:n"}
    with pytest.raises(AssertionError, match="no text"):
        list(families_in(ast.parse("store.key(name)")))


def test_an_ended_session_is_refused_longer_than_its_token_lives() -> None:
    assert REFUSED_SECONDS > ACCESS_TOKEN_SECONDS


def test_no_code_and_no_wait_is_kept_longer_than_its_row_says() -> None:
    assert max(each.seconds for each in codes._PURPOSES.values()) == in_redis.CODE.seconds
    guards = [each for each in vars(throttle).values() if isinstance(each, throttle.Guard)]
    assert guards
    assert max(guard.longest for guard in guards) <= in_redis.WAITS.seconds


def test_the_longest_limit_of_messages_is_that_of_its_row() -> None:
    periods = [each.cap.period for each in frequency_rules.TABLE if each.cap]
    assert max(periods) == stored.FREQUENCIES.period


def test_no_limit_counts_longer_than_its_row_says() -> None:
    """A limit's seconds are a number or a name of one in its module."""
    seconds = [value for path in python_files(*PACKAGES) for value in _seconds_of_limits(path)]
    assert len(seconds) >= 10
    assert max(seconds) <= in_redis.LIMIT.seconds


def _seconds_of_limits(path: Path) -> Iterator[int]:
    names = {"HOUR": 3600, "MINUTE": 60, "DAY_SECONDS": 24 * 3600}
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Call(func=ast.Name(id="Limit"), args=[_, _, ast.Constant(value=int(value))]):
                yield value
            case ast.Call(func=ast.Name(id="Limit"), args=[_, _, ast.Name(id=name)]):
                yield names[name]


# ------------------------------------------------------------------------- queues and logs
def test_every_queue_has_a_row() -> None:
    retries = [f"retry.{seconds}s" for seconds in RETRY_DELAYS_SECONDS]
    wanted = {f"queue: {name}" for name in (*QUEUES, *retries)}
    assert {row.name for row in elsewhere.QUEUES} == wanted


@pytest.mark.parametrize(
    "row", [each for each in elsewhere.QUEUES if each.means is Means.BROKER_TTL]
)
def test_a_retry_queue_keeps_messages_for_its_delay(row: Retention) -> None:
    assert row.name == f"queue: retry.{row.seconds}s"


def resources_of(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in (read_template(), _live_template()):
        found |= {n: r["Properties"] for n, r in text["Resources"].items() if r["Type"] == kind}
    return found


def _live_template() -> dict[str, Any]:
    text = (ROOT / "infra/aws/live.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=TemplateLoader)
    return found


def test_every_log_group_has_a_row_and_the_days_of_its_environment() -> None:
    groups = resources_of("AWS::Logs::LogGroup")
    assert {f"log group: {name}" for name in groups} == {row.name for row in elsewhere.LOG_GROUPS}
    assert all(each["RetentionInDays"] == {"Ref": "LogRetentionDays"} for each in groups.values())
    parameters = (ROOT / "infra/aws/prod.txt").read_text()
    (days,) = re.findall(r"^LogRetentionDays=(\d+)$", parameters, re.MULTILINE)
    assert {row.lasts for row in elsewhere.LOG_GROUPS} == {timedelta(days=int(days))}


def test_every_queue_of_sqs_keeps_messages_as_its_row_says() -> None:
    queues = resources_of("AWS::SQS::Queue")
    kept = {name: each["MessageRetentionPeriod"] for name, each in queues.items()}
    assert kept == {"FailedJobs": elsewhere.FAILED_JOBS.seconds}


def test_logs_of_a_laptop_have_the_size_of_their_row() -> None:
    size = re.findall(r"(\d+) MB", elsewhere.LOCAL_LOGS.since)
    assert [f"{supervisor_config.LOG_BYTES // 1_000_000}"] == size
    assert supervisor_config.LOG_BYTES == log_file.MAX_BYTES


def test_measurements_of_a_laptop_are_kept_as_their_rows_say() -> None:
    days = elsewhere.PROMETHEUS.period.days
    assert f"{days}d" == monitoring.KEPT
    assert f"retention.time={days}d" in (ROOT / "infra/docker-compose.yaml").read_text()
    hours = elsewhere.LOKI.seconds // 3600
    assert f"retention_period: {hours}h" in (ROOT / "infra/monitoring/loki/loki.yml").read_text()


# ------------------------------------------------------------------------- rows
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_complete(row: Retention) -> None:
    assert row.why
    has_end = row.means is not Means.NONE
    assert bool(row.since) == has_end
    without_period = {Means.ACT, Means.ERASURE, Means.NONE, Means.SIZE}
    assert (row.lasts is None and row.setting is None) == (row.means in without_period)
    assert (row.field is not None) == (row.means in BY_INDEX)


def test_what_has_no_end_is_named() -> None:
    """A new row without an end needs a reason that a reader accepts: add it here, too."""
    without = {row.name for row in (*STORED, *ELSEWHERE) if row.means is Means.NONE}
    assert without == {
        *("campaigns.campaigns", "templates.versions", "users.services", "vouchers.vouchers"),
        *("orders.orders", "products.products", "products.reservations"),
        *("recommendations.demands", "recommendations.rows"),
    }


def test_periods_are_shown_in_words() -> None:
    periods = (timedelta(days=1), timedelta(hours=36), timedelta(minutes=16), timedelta(seconds=5))
    assert [in_words(each) for each in periods] == ["1 day", "36 hours", "16 minutes", "5 seconds"]


def test_a_row_without_a_period_or_index_says_so() -> None:
    with pytest.raises(ValueError, match=r"orders\.orders has no period"):
        _ = stored.ORDERS.seconds
    with pytest.raises(ValueError, match=r"orders\.orders has no TTL index"):
        stored.ORDERS.index()
