"""The one host and package store of a LocalStack process, opened at first use."""

import logging
from threading import Lock

from localstack.runtime.shutdown import ON_AFTER_SERVICE_SHUTDOWN_HANDLERS

from tidings_local.lambda_host import LambdaHost, PackageStore
from tidings_local.localstack_plugin.settings import PluginSettings

logger = logging.getLogger(__name__)

_lock = Lock()
_host: LambdaHost | None = None
_packages: PackageStore | None = None


def shared_host() -> LambdaHost:
    global _host
    with _lock:
        if _host is None:
            _host = LambdaHost(PluginSettings.read().host_settings())
            ON_AFTER_SERVICE_SHUTDOWN_HANDLERS.register(_host.stop)
            logger.info("Lambda process host started")
        return _host


def shared_packages() -> PackageStore:
    global _packages
    with _lock:
        if _packages is None:
            settings = PluginSettings.read()
            _packages = PackageStore(settings.directory, settings.interpreter())
        return _packages
