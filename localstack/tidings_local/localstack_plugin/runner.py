"""The connection of a LocalStack process to the runner."""

from functools import cache

from tidings_local.lambda_host import PackageStore
from tidings_local.localstack_plugin.handover import Handover
from tidings_local.localstack_plugin.settings import PluginSettings
from tidings_local.runner.client import RunnerClient

TOLD_SECONDS = 10.0
"""The time that a deployment waits for a runner that hangs. Calls wait for their function's
timeout."""


@cache
def runner() -> RunnerClient:
    """Return the client of the runner's socket."""
    return RunnerClient(str(PluginSettings.read().socket()))


@cache
def handover() -> Handover:
    """Return the handover, which sends changes to the runner."""
    socket = str(PluginSettings.read().socket())
    return Handover(RunnerClient(socket, TOLD_SECONDS))


@cache
def packages() -> PackageStore:
    """Return the store of unpacked code and layers, in a folder that the runner can read."""
    settings = PluginSettings.read()
    return PackageStore(settings.lambda_dir, settings.interpreter())
