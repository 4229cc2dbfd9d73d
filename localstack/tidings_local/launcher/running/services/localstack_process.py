"""Run LocalStack's own main with patches.

They change where it listens, where it stores files, how often it collects garbage, and how and when
it loads services. Without them it listens on every interface, whatever
GATEWAY_LISTEN is (localstack_plugin/loopback.py), and stores S3's files in one fixed folder under
/tmp: stacks would delete each other's, and a second user of the machine could not write there.
"""

import logging
import os
import sys
import tempfile
from pathlib import Path

from localstack.runtime.main import main
from localstack.services.s3 import provider
from twisted.internet.posixbase import PosixReactorBase

from tidings_local.localstack_plugin.early_services import load_services_early
from tidings_local.localstack_plugin.garbage import collect_less_often
from tidings_local.localstack_plugin.loopback import listen_on_loopback_only
from tidings_local.localstack_plugin.service_catalog import bring_service_catalog
from tidings_local.localstack_plugin.settings import PluginSettings


def end_at_once(status: int) -> None:
    """End without freeing 400 MB object by object, for which the next LocalStack would wait."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    if not PluginSettings.read().any_interface:
        listen_on_loopback_only(PosixReactorBase)
    provider.DEFAULT_S3_TMP_DIR = str(Path(tempfile.gettempdir()) / "s3")
    bring_service_catalog()
    collect_less_often()
    load_services_early()
    try:
        main()
    except SystemExit as stopped:  # LocalStack has ended its services
        end_at_once(int(stopped.code or 0))
