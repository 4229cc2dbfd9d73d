"""The Lambda host: give it a function and an event, get what AWS would answer."""

import logging
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from tidings_local.lambda_host.call import failed, perform
from tidings_local.lambda_host.environment import Environment, Platform
from tidings_local.lambda_host.errors import EnvironmentGoneError, RuntimeMissingError
from tidings_local.lambda_host.function import Function, FunctionKey, Invocation, Outcome
from tidings_local.lambda_host.memory import MemoryWatch
from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.pool import EnvironmentPool, PoolLimits
from tidings_local.lambda_host.scratch import open_scratch

logger = logging.getLogger(__name__)

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """`interpreter` is the clean one: awslambdaric, boto3 and nothing else."""

    interpreter: Path
    directory: Path
    max_environments: int = 4
    max_total_environments: int = 64
    keepalive_seconds: float = 600
    wait_seconds: float = 10


class LambdaHost:
    """Safe to call from many threads. `stop` ends every process it started."""

    def __init__(self, settings: HostSettings) -> None:
        if not settings.interpreter.is_file():
            raise RuntimeMissingError(f"no runtime interpreter at {settings.interpreter}")
        self._settings = settings
        self._guard = OrphanGuard()
        self._memory = MemoryWatch()
        self._scratch_root = open_scratch(settings.directory.absolute())
        self._platform = Platform(
            # Not resolved: a virtual environment is known by the path of its link.
            settings.interpreter.absolute(),
            self._scratch_root,
            self._guard,
            self._memory,
        )
        limits = PoolLimits(
            settings.max_environments, settings.max_total_environments, settings.wait_seconds
        )
        self._pool = EnvironmentPool(self._new_environment, limits)
        self._stopped = Event()
        Thread(target=self._end_idle, name="lambda-keepalive", daemon=True).start()

    def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        """Runs one event, in a warm environment if there is one.

        Raises ThrottledError if all stayed busy, HostStoppedError after `stop`.
        """
        for _ in range(_ATTEMPTS):
            environment = self._pool.lease(function)
            try:
                return perform(environment, invocation)
            except EnvironmentGoneError:
                logger.info("a warm process had died; taking another", extra={"arn": function.arn})
            finally:
                self._pool.give_back(environment)
        return failed(invocation)

    def retire(self, key: FunctionKey) -> None:
        """Ends the environments of a function that was updated or deleted, after their calls."""
        self._pool.retire(key)

    def stop(self) -> None:
        self._stopped.set()
        self._pool.stop()
        self._memory.stop()
        self._guard.close()
        shutil.rmtree(self._scratch_root, ignore_errors=True)

    def _new_environment(self, function: Function) -> Environment:
        return Environment(function, self._platform, name=uuid.uuid4().hex)

    def _end_idle(self) -> None:
        keepalive = self._settings.keepalive_seconds
        while not self._stopped.wait(min(30.0, keepalive / 2)):
            self._pool.end_idle(keepalive)
