"""Shared by all tests. The domains' own databases are kept apart from the deployed ones."""

import os

import hypothesis

# Before anything of ours is imported: tests in this process have databases of their own.
os.environ["TIDINGS_DATABASE_PREFIX"] = "tidings_tests"
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
# As deployed: a log line that cannot be written must fail a test.
os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "INFO")

# CI judges a change: the same examples each time. Elsewhere new ones are looked for.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")
