"""Shared by all tests. The domains' own databases are kept apart from the deployed ones."""

import gc
import os

import hypothesis
import pytest

gc.disable()  # until the tests are collected: see the end of this file

# Before anything of ours is imported: tests in this process have databases of their own.
os.environ["TIDINGS_DATABASE_PREFIX"] = "tidings_tests"
# As a laptop has it; what is closed by default has tests of its own.
os.environ["TIDINGS_INTROSPECTION"] = os.environ["TIDINGS_GRAPHIQL"] = "true"
os.environ["TIDINGS_OPEN_METRICS"] = "true"
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
# As deployed: a log line that cannot be written must fail a test.
os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "INFO")

# CI judges a change: the same examples each time. Elsewhere new ones are looked for.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Keep what was collected out of the garbage collector's walks.

    It is half a million objects that live until the end. Walking over them took a fourth of the
    tests' CPU time, and stopped all threads for so long that short timeouts of tests ran out.
    """
    gc.freeze()
    gc.enable()
