"""Fixtures and settings of all tests."""

import gc
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import hypothesis
import pytest
from botocore.loaders import JSONFileLoader

gc.disable()  # until the tests are collected: see the end of this file

# Set before our code is imported: tests in this process use separate databases.
os.environ["TIDINGS_DATABASE_PREFIX"] = "tidings_tests"
# The setting of a laptop; features that are off by default have tests of their own.
os.environ["TIDINGS_INTROSPECTION"] = os.environ["TIDINGS_GRAPHIQL"] = "true"
os.environ["TIDINGS_OPEN_METRICS"] = os.environ["TIDINGS_EXAMPLE_SHOP"] = "true"
# All tests call from one address; the tests of the limit set one.
os.environ["TIDINGS_ANONYMOUS_CALLS_PER_MINUTE"] = "1000000"
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
# As deployed: a log line that cannot be written must fail a test.
os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "INFO")

# CI uses the same examples each time, to judge a change. Elsewhere new examples are tried.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@cache
def _data_of(path: str, open_file: Callable[..., Any]) -> Any:
    return _load_file(None, path, open_file)


# Each session of boto3 reads the same large files again, which took a twentieth of the tests' time.
_loader: Any = JSONFileLoader
_load_file: Any = _loader._load_file
_loader._load_file = lambda _, path, open_file: _data_of(path, open_file)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Exclude the collected tests from garbage collection.

    They are half a million objects that live until the end. Scanning them took a fourth of the
    tests' CPU time, and stopped all threads for longer than some timeouts of tests.
    """
    gc.freeze()
    gc.enable()
