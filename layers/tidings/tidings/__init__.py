"""Tidings: the shop's domains and the platform they stand on."""

import gc

from tidings.platform.deferred import defer

# Before any module of ours imports a third-party package.
defer()
# Imported modules are never garbage: at Python's default of 700 new objects, looking for garbage
# takes a seventh of a cold start.
gc.set_threshold(10_000, 10, 10)
