"""The `make` commands that may deploy."""

from __future__ import annotations

from collections.abc import Callable

from .. import progress
from ..operating.keys import rotate_keys
from ..running.lifecycle import renew
from ..running.services.members import members_of
from ..running.stack import find_stack
from ..running.status import show_addresses
from ..running.supervisor import find_running
from ..running.up import install
from ..running.up import up as bring_up
from ..settings import load_settings
from .deploy import deploy as deploy_code
from .deploy import is_deployed, remember, what_is_wanted


def up() -> int:
    settings = load_settings()
    stack = find_stack(settings)
    with stack.locked():
        bring_up(stack, settings)
    progress.step(f"stack {stack.name} is up")
    show_addresses(stack)
    if settings.engine == "docker":
        if not settings.smtp_url:
            progress.show(f"Mails      http://localhost:{stack.ports.mailpit} (Mailpit)")
    elif not settings.mongodb_uri:
        progress.show("MongoDB    embedded; to use a real one, set TIDINGS_MONGODB_URI in .env")
    return 0


def deploy() -> int:
    settings = load_settings()
    stack = find_running(settings)
    with stack.locked():
        install(settings)  # the code may need packages, or services, that an older one did not
        members = members_of(stack, settings)
        deploy_code(stack, settings, members)
        renew(stack, members)
    return 0


def rotate() -> int:
    settings = load_settings()
    stack = find_running(settings)
    with stack.locked():
        as_deployed = is_deployed(stack, settings, members_of(stack, settings))
        keys = rotate_keys(stack)
        if as_deployed:  # other changed keys need no deployment
            remember(stack, what_is_wanted(stack, settings, members_of(stack, settings)))
    progress.step(f"key {keys['current']} signs; {len(keys['keys'])} keys verify")
    return 0


COMMANDS: dict[str, Callable[[], int]] = {
    "up": up,
    "deploy": deploy,
    "rotate-keys": rotate,
}
