"""Defer the parts of third-party packages that no function uses (docs/decisions/0122).

Importing `redis` imports its asynchronous clients and its cluster; importing `pymongo` imports a
second, asynchronous driver. Each function would pay for them at each cold start. They still work:
the first use of one of their names imports them.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # Its module imports a tenth of what a function needs in all.
    from importlib.abc import Loader
else:
    Loader = object

# Packages whose `__init__` only collects names, and modules that are used seldom as a whole.
# Each runs when one of its names is used. Our code imports from the modules that define the names,
# for example `redis.client`.
PACKAGES: Final = frozenset(
    {
        "asyncio",
        "aws_lambda_powertools",
        "aws_lambda_powertools.utilities.jmespath_utils",
        "cryptography.x509",
        "dateutil.parser",
        "email.header",
        "gridfs",
        "jwt",
        "redis",
        "redis.asyncio",
        "redis.commands",
        "tomllib",
    }
)
# Names that other packages import early from one of these, and the modules that define them: so
# these names do not run the whole package.
DEFINED_IN: Final = {
    "asyncio": {
        "AbstractEventLoop": "asyncio.events",
        "BaseTransport": "asyncio.transports",
        "BufferedProtocol": "asyncio.protocols",
        "Condition": "asyncio.locks",
        "Future": "asyncio.futures",
        "IncompleteReadError": "asyncio.exceptions",
        "Lock": "asyncio.locks",
        "StreamReader": "asyncio.streams",
        "Transport": "asyncio.transports",
        "wait_for": "asyncio.tasks",
    },
    "redis.commands": {
        "CoreCommands": "redis.commands.core",
        "RedisModuleCommands": "redis.commands.redismodules",
        "SentinelCommands": "redis.commands.sentinel",
        "list_or_args": "redis.commands.helpers",
    },
}
# Packages whose `__init__` also does something else; one import of it is deferred: the module, and
# the names that it imports from there.
NAMES: Final = {
    "cryptography.hazmat.primitives.serialization": (
        "cryptography.hazmat.primitives.serialization.ssh",
        frozenset(
            {
                "SSHCertificate",
                "SSHCertificateBuilder",
                "SSHCertificateType",
                "SSHCertPrivateKeyTypes",
                "SSHCertPublicKeyTypes",
                "SSHPrivateKeyTypes",
                "SSHPublicKeyTypes",
                "load_ssh_private_key",
                "load_ssh_public_identity",
                "load_ssh_public_key",
                "ssh_key_fingerprint",
            }
        ),
    ),
    "pymongo": ("pymongo.asynchronous.mongo_client", frozenset({"AsyncMongoClient"})),
}
# Functions, and classes that are only called, which modules import by name at their start, and call
# seldom or never: the import gives a function that imports the module at its first call.
FUNCTIONS: Final = {
    "cryptography.hazmat.primitives.serialization.ssh": frozenset({"load_ssh_public_key"}),
    "difflib": frozenset({"get_close_matches"}),
    "importlib.metadata": frozenset({"entry_points", "requires", "version"}),
    "pymongo.auth_oidc_shared": frozenset(
        {
            "_OIDCAzureCallback",
            "_OIDCGCPCallback",
            "_OIDCK8SCallback",
            "_OIDCProperties",
            "_OIDCTestCallback",
            "_get_authenticator",
        }
    ),
    "redis.asyncio.observability.recorder": frozenset({"record_streaming_lag_from_response"}),
}

# Modules that import much before they fail, because this package is not in the layer.
WITHOUT: Final = {"pymongo.pyopenssl_context": "OpenSSL"}
# The import system looks for these; a module that lacks one of them is not in use yet.
_OF_THE_IMPORT_SYSTEM: Final = frozenset({"__path__", "__file__", "__cached__"})
_lock = RLock()


def defer() -> None:
    """Defer these parts of packages that are imported from now on; can be repeated."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in WITHOUT and PathFinder.find_spec(WITHOUT[fullname]) is None:
            raise ModuleNotFoundError(f"No module named {WITHOUT[fullname]!r}")
        if fullname not in PACKAGES and fullname not in NAMES and fullname not in FUNCTIONS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            whole = fullname not in NAMES
            spec.loader = _WholeLoader(spec.loader) if whole else _NamesLoader(spec.loader)
        return spec


class _WholeLoader(Loader):
    """Makes a package or module that has not run."""

    def __init__(self, stock: Loader) -> None:
        self._stock = stock

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        _give_stock_loader(module, self._stock)


class _Deferred(ModuleType):
    """A package or module that runs when it is asked for a name that it does not have."""

    def __getattr__(self, name: str) -> Any:
        if name in _OF_THE_IMPORT_SYSTEM:
            raise _missing(self, name)
        if name in FUNCTIONS.get(self.__name__, ()):
            return _called_later(self.__name__, name)
        if name in DEFINED_IN.get(self.__name__, ()):
            return getattr(import_module(DEFINED_IN[self.__name__][name]), name)
        # As in `from package import module`, which also asks the package first.
        module, path = f"{self.__name__}.{name}", self.__dict__.get("__path__")
        if path and (module in sys.modules or PathFinder.find_spec(module, path)):
            return import_module(module)
        _run(self)
        if name in self.__dict__:
            return self.__dict__[name]
        raise _missing(self, name)


def _run(package: ModuleType) -> None:
    """Run a deferred package if it has not run."""
    with _lock:
        if type(package) is not _Deferred or package.__dict__.get("__running__"):
            return
        package.__dict__["__running__"] = True
        try:
            _loader_of(package).exec_module(package)
            package.__class__ = ModuleType  # type: ignore[assignment]
        finally:
            del package.__dict__["__running__"]


def _called_later(module: str, name: str) -> Callable[..., Any]:
    """Return a function that runs the module, and then calls its function of this name."""

    def call(*arguments: Any, **named: Any) -> Any:
        found = import_module(module)
        _run(found)
        return getattr(found, name)(*arguments, **named)

    return call


class _NamesLoader(Loader):
    """Runs a package's `__init__` without one of its imports."""

    def __init__(self, stock: Loader) -> None:
        self._stock = stock

    def create_module(self, _spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        _give_stock_loader(module, self._stock)
        source, names = NAMES[module.__name__]
        if source in sys.modules:
            self._stock.exec_module(module)
            return
        with _lock:
            nothing = ModuleType(source)
            functions = FUNCTIONS.get(source, frozenset[str]())
            for name in names:
                setattr(nothing, name, _called_later(source, name) if name in functions else None)
            sys.modules[source] = nothing
            try:
                self._stock.exec_module(module)
            finally:
                del sys.modules[source]
        for name in names - functions:
            del module.__dict__[name]
        module.__class__ = _LacksNames


class _LacksNames(ModuleType):
    """A package that imports its deferred names at their first use."""

    def __getattr__(self, name: str) -> Any:
        source, deferred = NAMES[self.__name__]
        if name not in deferred:
            raise _missing(self, name)
        found = getattr(import_module(source), name)
        setattr(self, name, found)
        return found


def _missing(module: ModuleType, name: str) -> AttributeError:
    return AttributeError(f"module {module.__name__!r} has no attribute {name!r}")


def _give_stock_loader(module: ModuleType, stock: Loader) -> None:
    module.__loader__ = stock
    if module.__spec__ is not None:
        module.__spec__.loader = stock


def _loader_of(module: ModuleType) -> Loader:
    assert module.__spec__ is not None
    assert module.__spec__.loader is not None
    return module.__spec__.loader
