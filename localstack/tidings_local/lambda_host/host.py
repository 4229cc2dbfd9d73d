"""The Lambda host: it runs a function with an event, and returns AWS's answer."""

import asyncio
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from tidings_local.lambda_host.background import Background
from tidings_local.lambda_host.call import failed, perform
from tidings_local.lambda_host.environment import Environment, Platform
from tidings_local.lambda_host.errors import EnvironmentGoneError, RuntimeMissingError
from tidings_local.lambda_host.function import Function, FunctionKey, Invocation, Outcome
from tidings_local.lambda_host.memory import MemoryWatch
from tidings_local.lambda_host.orphans import OrphanGuard
from tidings_local.lambda_host.pool import EnvironmentPool, PoolLimits
from tidings_local.lambda_host.process_end import has_pidfds
from tidings_local.lambda_host.scratch import open_scratch
from tidings_local.lambda_host.templates import Templates
from tidings_local.lambda_host.variables import layer_paths

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
_END_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """Settings; `interpreter` has awslambdaric, boto3 and nothing else."""

    interpreter: Path
    directory: Path
    max_environments: int = 4
    max_total_environments: int = 64
    keepalive_seconds: float = 600
    wait_seconds: float = 10


class LambdaHost:
    """Runs functions; call every method on its event loop. `stop` ends every process."""

    def __init__(self, settings: HostSettings) -> None:
        if not settings.interpreter.is_file():
            raise RuntimeMissingError(f"no runtime interpreter at {settings.interpreter}")
        self._settings = settings
        self._background = Background()
        self._guard = OrphanGuard()
        self._memory = MemoryWatch()
        self._scratch_root = open_scratch(settings.directory.absolute())
        # Not resolved: a virtual environment is identified by the path of its link.
        interpreter = settings.interpreter.absolute()
        self._templates = Templates(interpreter, self._guard, self._scratch_root, self._background)
        self._platform = Platform(
            interpreter,
            self._scratch_root,
            self._guard,
            self._memory,
            self._templates,
            self._background,
        )
        limits = PoolLimits(
            settings.max_environments, settings.max_total_environments, settings.wait_seconds
        )
        self._pool = EnvironmentPool(self._new_environment, limits)
        self._keepalive = self._background.spawn(self._end_idle())

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        """Run one event, in a warm environment if there is one.

        A running call continues to its end if its caller is cancelled, as on AWS.

        Raises:
            ThrottledError: all environments stayed busy.
            HostStoppedError: the host was stopped.
        """
        return await asyncio.shield(self._background.spawn(self._run(function, invocation)))

    def prepare(self, function: Function) -> None:
        """Load the layers of a function in advance, so that its first call is fast."""
        if has_pidfds() and not self._pool.stopped:
            self._templates.warm(layer_paths(function.opt_dir))

    def is_prepared(self, function: Function) -> bool:
        """Return whether a process of this function need not wait for its layers."""
        return not has_pidfds() or self._templates.is_loaded(layer_paths(function.opt_dir))

    def retire(self, key: FunctionKey) -> None:
        """End the environments of an updated or deleted function after their calls."""
        self._pool.retire(key)

    async def stop(self) -> None:
        """End every process. Running calls are answered as if their processes had crashed."""
        self._keepalive.cancel()
        self._pool.stop()
        await self._templates.stop()  # also one that is still loading, for which calls wait
        await self._background.join(_END_SECONDS)
        self._memory.stop()
        await asyncio.to_thread(self._guard.close)
        await asyncio.to_thread(shutil.rmtree, self._scratch_root, ignore_errors=True)

    async def _run(self, function: Function, invocation: Invocation) -> Outcome:
        attempts = _ATTEMPTS
        while attempts:
            environment = await self._pool.lease(function)
            attempts -= not environment.started  # the number of ended processes is limited
            try:
                return await perform(environment, invocation)
            except EnvironmentGoneError:
                logger.info("a warm process had ended; taking another", extra={"arn": function.arn})
            finally:
                self._pool.give_back(environment)
        return failed(invocation)

    def _new_environment(self, function: Function) -> Environment:
        return Environment(function, self._platform)

    async def _end_idle(self) -> None:
        keepalive = self._settings.keepalive_seconds
        while True:
            await asyncio.sleep(min(30.0, keepalive / 2))
            self._pool.end_idle(keepalive)
