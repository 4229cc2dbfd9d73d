"""Let LocalStack end: its keepalive timers would delay that for up to ten minutes.

When it stops, it gives its Lambda versions five seconds in total. Environments that it does not
reach in that time keep their timers, and Python waits for threads that are not daemons.
"""

from threading import Timer
from typing import Any

from localstack.services.lambda_.invocation import execution_environment


class DaemonTimer(Timer):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.daemon = True


def use_daemon_timers() -> None:
    execution_environment.Timer = DaemonTimer
