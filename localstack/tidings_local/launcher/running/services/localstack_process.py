"""LocalStack's own main, with places mended: where it listens, where it keeps files, how often it
looks for garbage, who makes its list of services, and when it loads them.

It listens on every interface, whatever GATEWAY_LISTEN says (localstack_plugin/loopback.py).
It keeps S3's files in one fixed folder under /tmp: stacks would delete each other's, and what
one user of a machine made there, another one cannot write to.
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


def end_at_once(status: int) -> None:
    """End without freeing 400 MB object by object, for which the next LocalStack would wait."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    listen_on_loopback_only(PosixReactorBase)
    provider.DEFAULT_S3_TMP_DIR = str(Path(tempfile.gettempdir()) / "s3")
    bring_service_catalog()
    collect_less_often()
    load_services_early()
    try:
        main()
    except SystemExit as stopped:  # LocalStack has ended its services
        end_at_once(int(stopped.code or 0))
