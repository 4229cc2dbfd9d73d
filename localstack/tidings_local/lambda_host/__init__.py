"""Runs Lambda functions as processes. It does not depend on LocalStack."""

from tidings_local.lambda_host.errors import (
    BadPackageError,
    HostStoppedError,
    LambdaHostError,
    RuntimeMissingError,
    ThrottledError,
)
from tidings_local.lambda_host.function import Function, FunctionKey, Invocation, Outcome
from tidings_local.lambda_host.packages import Archive, PackageStore

__all__ = [
    "Archive",
    "BadPackageError",
    "Function",
    "FunctionKey",
    "HostStoppedError",
    "Invocation",
    "LambdaHostError",
    "Outcome",
    "PackageStore",
    "RuntimeMissingError",
    "ThrottledError",
]
