"""The deployed functions, found by any name that Lambda's Invoke accepts."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tidings_local.lambda_host import Function, FunctionKey
from tidings_local.runner.forms import Alias, FunctionSettings

LATEST: Final = "$LATEST"
DEFAULT_ACCOUNT: Final = "000000000000"
DEFAULT_REGION: Final = "us-east-1"

# `name`, `account:function:name` or the whole ARN, each with or without `:qualifier`.
_NAME = re.compile(
    r"(?:(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>\d{12}):function:)?"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
_NO_SETTINGS: Final = FunctionSettings()


class UnknownFunctionError(LookupError):
    """No version of a function is deployed under this name."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"Function not found: {arn}")


@dataclass(frozen=True, slots=True)
class Target:
    """The version that gets a call."""

    function: Function
    arn: str
    """The function's ARN, without a version."""
    invoked_arn: str
    """The ARN that the caller named."""
    reserved_concurrency: int | None = None
    """The number of calls of all versions that may run at once."""


class Registry:
    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._functions: dict[str, Function] = {}
        self._settings: dict[str, FunctionSettings] = {}

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions by the ARN of their version."""
        return self._functions

    def put(self, function: Function) -> FunctionKey | None:
        """Make calls run this function; return the key of the one that it replaces."""
        before = self._functions.get(function.arn)
        self._functions[function.arn] = function
        return before.key if before and before.key != function.key else None

    def remove(self, arn: str) -> FunctionKey | None:
        """Remove a version; return its key if it existed."""
        before = self._functions.pop(arn, None)
        return before.key if before else None

    def set_settings(self, arn: str, settings: FunctionSettings | None) -> None:
        """Change the settings of all versions of a function, by its ARN without a version."""
        if settings is None:
            self._settings.pop(arn, None)
        else:
            self._settings[arn] = settings

    def find(self, name: str, qualifier: str | None = None) -> Target:
        """Return the version that gets a call.

        Args:
            name: a function's name or ARN, with or without a version or an alias.
            qualifier: a version or an alias, where the name has none.

        Raises:
            UnknownFunctionError: nothing is deployed under this name.
        """
        arn, named = _parsed(name)
        qualifier = named or qualifier
        invoked_arn = f"{arn}:{qualifier}" if qualifier else arn
        settings = self._settings.get(arn, _NO_SETTINGS)
        version = qualifier or LATEST
        if alias := settings.aliases.get(version):
            version = self._version_of(alias)
        function = self._functions.get(f"{arn}:{version}")
        if function is None:
            raise UnknownFunctionError(invoked_arn)
        return Target(function, arn, invoked_arn, settings.reserved_concurrency)

    def _version_of(self, alias: Alias) -> str:
        drawn = self._chance()
        for version, weight in alias.weights.items():
            if drawn < weight:
                return version
            drawn -= weight
        return alias.version


def _parsed(name: str) -> tuple[str, str | None]:
    """Return a function's ARN without a qualifier, and the qualifier if the name has one."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise UnknownFunctionError(name)
    region = match["region"] or DEFAULT_REGION
    account = match["account"] or DEFAULT_ACCOUNT
    return f"arn:aws:lambda:{region}:{account}:function:{match['name']}", match["qualifier"]
