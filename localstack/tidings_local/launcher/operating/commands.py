"""The `make` commands for a running stack."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from .. import progress
from ..running.stack import find_stack
from ..running.supervisor import find_running
from ..running.up import up as bring_up
from ..settings import load_options, load_settings
from .admin import create_admin, promote_to_admin
from .audit import audit_lines
from .log_filter import wanted
from .logs import FileReader, Reader, Source, show_logs
from .product_import import import_products
from .rules import Invocation, invoke_rule
from .service_credentials import (
    create_service,
    list_services,
    revoke_service,
    set_callback,
    set_team,
)
from .story import play
from .trace import trace_of


def demo() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    with stack.locked():
        bring_up(stack, settings)
    play(stack)
    return 0


def logs() -> int:
    options = load_options()
    chosen = wanted(
        level=options.level,
        correlation=options.correlation,
        text=options.grep,
        since=options.since,
        until=options.until,
        minutes=options.minutes if "minutes" in options.model_fields_set else None,
    )
    if options.service:
        source: Source = FileReader(find_stack(load_settings()), options.service, chosen)
    else:
        source = Reader(find_running(load_settings()), options.fn, chosen)
    show_logs(source, follow=options.follow)
    return 0


def doctor() -> int:
    from .doctor.examination import as_json, as_line, examine  # imports every client
    from .doctor.installation import Installation

    settings = load_settings()
    readable = sys.stdout.isatty()
    is_bad = False
    for diagnosis in examine(Installation(find_stack(settings), settings)):
        is_bad |= diagnosis.is_bad
        progress.show(as_line(diagnosis, colour=True) if readable else as_json(diagnosis))
    return 1 if is_bad else 0


def trace() -> int:
    options = load_options()
    stack = find_running(load_settings())
    for line in trace_of(stack, correlation=options.correlation, about=options.id):
        progress.show(line)
    return 0


def run_rule() -> int:
    options = load_options()
    stack = find_running(load_settings())
    done = invoke_rule(stack, options.rule, options.time)
    for invocation in done:
        _show(invocation)
    return 1 if any(invocation.failed for invocation in done) else 0


def audit() -> int:
    options = load_options()
    period = wanted(
        level=None,
        correlation=None,
        text=None,
        since=options.since,
        until=options.until,
        minutes=options.minutes if "minutes" in options.model_fields_set else None,
    )
    lines = audit_lines(
        find_running(load_settings()),
        since=period.since,
        until=period.until,
        actor=options.actor,
        target=options.id,
        correlation=options.correlation,
    )
    for line in lines:
        progress.show(line)
    return 0


def admin() -> int:
    options = load_options()
    make = promote_to_admin if options.promote else create_admin
    make(find_running(load_settings()), options.email, options.password)
    progress.show(f"{options.email} is an administrator")
    return 0


def service() -> int:
    options = load_options()
    stack = find_running(load_settings())
    made = create_service(stack, options.name, options.kind, options.team)
    progress.show(f"client_id      {made['client_id']}")
    progress.show(f"client_secret  {made['client_secret']}")
    progress.step("keep the secret now: it is not shown again")
    return 0


def services() -> int:
    for line in list_services(find_running(load_settings())):
        progress.show(line)
    return 0


def revoke() -> int:
    name = revoke_service(find_running(load_settings()), load_options().id)
    progress.step(f"{name} can no longer call the API")
    return 0


def team() -> int:
    options = load_options()
    name, accounts = set_team(find_running(load_settings()), options.id, options.team)
    progress.step(f"{name} may send to {accounts} accounts")
    return 0


def callback() -> int:
    options = load_options()
    done = set_callback(find_running(load_settings()), options.id, options.url)
    progress.show(f"url     {done['url'] or 'none'}")
    if done["secret"]:
        progress.show(f"secret  {done['secret']}")
        progress.step("keep the secret now: it is not shown again")
    return 0


def products() -> int:
    totals = import_products(find_running(load_settings()), load_options().file)
    return 1 if totals.refused else 0


def _show(invocation: Invocation) -> None:
    progress.show(f"{invocation.function}: {'failed' if invocation.failed else 'ok'}")
    progress.show(json.dumps(invocation.result, indent=2))
    progress.show(invocation.log.rstrip())


COMMANDS: dict[str, Callable[[], int]] = {
    "demo": demo,
    "logs": logs,
    "trace": trace,
    "doctor": doctor,
    "run-rule": run_rule,
    "audit": audit,
    "create-admin": admin,
    "create-service": service,
    "services": services,
    "set-team": team,
    "set-callback": callback,
    "revoke-service": revoke,
    "import-products": products,
}
