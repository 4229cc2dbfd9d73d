"""The fixtures of the end-to-end tests, for a stack that is hurt on purpose."""

from tests.e2e.conftest import admin, shop

__all__ = ["admin", "shop"]
