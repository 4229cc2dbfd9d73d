"""Print the third-party packages that the code of each function imports.

The functions of a folder are imported in one process, which notes what each module imports while
it is imported itself; a function imports what the modules that it reaches import. Each folder has
a process of its own, forked from one that has imported the packages but none of our modules:
`folder=module,module...` for each.
"""

import builtins
import importlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from types import ModuleType

# Importing these once, with what our code uses of them, saves most of the time.
PRELOADED = (
    *("argon2", "aws_lambda_powertools.logging.logger", "chalice.app", "email_validator"),
    *("graphql", "jinja2.sandbox", "jwt.algorithms", "jwt.api_jwt", "mongoengine"),
    *("pika.adapters.select_connection", "prometheus_client", "pydantic.json_schema"),
    *("pydantic.networks", "redis.client", "tidings"),
)


def imports_of(folder: str, modules: Sequence[str]) -> dict[str, set[str]]:
    """Import modules; return the names that each of our modules imports meanwhile.

    A name that is imported from a module counts as a module, too, because it may be one.
    """
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
        if str((globals or {}).get("__name__")).partition(".")[0] in own:
            full = name if level == 0 else _absolute(name, globals or {}, level)
            found[_executed(own)] |= {full, *(f"{full}.{each}" for each in fromlist or ())}
        return stock(name, globals, locals, fromlist, level)

    by_name = importlib.import_module

    def noted_by_name(name: str, package: str | None = None) -> ModuleType:
        found[_executed(own)].add(name)
        return by_name(name, package)

    builtins.__import__ = noted
    importlib.import_module = noted_by_name
    for module in modules:
        by_name(module)
    return found


def _executed(own: Container[str]) -> str:
    """Return the module of ours whose body runs; it may have called the code that imports."""
    frame = sys._getframe(2)
    while frame.f_back and not (
        frame.f_code.co_name == "<module>"
        and str(frame.f_globals.get("__name__")).partition(".")[0] in own
    ):
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


def _absolute(name: str, importing: Mapping[str, object], level: int) -> str:
    package = str(importing["__package__"]).rsplit(".", level - 1)[0]
    return f"{package}.{name}" if name else package


def packages_of(module: str, imports: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return the packages that a module and the modules it reaches import, each with these."""
    found = defaultdict[str, set[str]](set)
    waiting, reached = [module], {module}
    ours = {each.partition(".")[0] for each in imports}
    while waiting:
        asking = waiting.pop()
        for name in imports.get(asking, ()):
            package = name.partition(".")[0]
            if package not in ours:
                found[package].add(asking)
                continue
            parents = name.split(".")
            inner = {".".join(parents[: end + 1]) for end in range(len(parents))} - reached
            reached |= inner
            waiting += inner
    standard = sys.stdlib_module_names
    return {each: sorted(asking) for each, asking in sorted(found.items()) if each not in standard}


def main(arguments: list[str]) -> None:
    for package in PRELOADED:
        with suppress(ImportError):  # then a function that imports it fails, or none does
            importlib.import_module(package)
    for argument in arguments:
        folder, _, named = argument.partition("=")
        child = os.fork()
        if child == 0:
            modules = named.split(",")
            imports = imports_of(folder, modules)
            for module in modules:
                found = packages_of(module, imports)
                sys.stdout.write(json.dumps([f"{folder}/{module}.py", found]) + "\n")
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"{folder}: a function cannot be imported")


if __name__ == "__main__":
    main(sys.argv[1:])
