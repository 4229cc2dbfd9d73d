"""Tidings: the shop's domains and the platform they stand on."""

import gc

from tidings.platform.deferred import defer

# Before any module of ours imports a third-party package.
defer()
# Modules are never garbage, and looking for it among them takes a seventh of a cold start. The
# first call of a function sets another limit (`entry.invocation`).
gc.set_threshold(200_000, 10, 10)
