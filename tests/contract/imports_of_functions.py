"""Print the third-party packages that the code of each function imports.

Each function is imported in a process of its own, forked from one that has imported the packages
but none of our modules: `name=folder/module` for each.
"""

import builtins
import importlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import ModuleType

# Importing these once, with what our code uses of them, saves most of the time.
PRELOADED = (
    *("argon2", "aws_lambda_powertools.logging.logger", "chalice.app", "email_validator"),
    *("graphql", "jinja2.sandbox", "jwt.algorithms", "jwt.api_jwt", "mongoengine"),
    *("pika.adapters.select_connection", "prometheus_client", "pydantic.json_schema"),
    *("pydantic.networks", "redis.client", "tidings"),
)


def packages_of(folder: str, module: str) -> dict[str, list[str]]:
    """Import a handler; return the packages that our modules import, each with these modules."""
    sys.path.insert(0, folder)
    own = {name.removesuffix(".py") for name in os.listdir(folder)} | {"tidings"}  # noqa: PTH208
    found = defaultdict[str, set[str]](set)
    stock = builtins.__import__

    def noted(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        asking, package = str((globals or {}).get("__name__")), name.partition(".")[0]
        is_ours = asking.partition(".")[0] in own
        if is_ours and level == 0 and package not in own | sys.stdlib_module_names:
            found[package].add(asking)
        return stock(name, globals, locals, fromlist, level)

    builtins.__import__ = noted
    importlib.import_module(module)
    return {package: sorted(asking) for package, asking in sorted(found.items())}


def main(arguments: list[str]) -> None:
    for package in PRELOADED:
        with suppress(ImportError):  # then a function that imports it fails, or none does
            importlib.import_module(package)
    for argument in arguments:
        name, _, place = argument.partition("=")
        child = os.fork()
        if child == 0:
            found = packages_of(*place.rsplit("/", 1))
            sys.stdout.write(json.dumps([name, found]) + "\n")
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"{name} cannot be imported")


if __name__ == "__main__":
    main(sys.argv[1:])
