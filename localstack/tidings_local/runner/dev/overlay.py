"""Code of the working tree instead of the deployed code, while `make dev` requests it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from tidings_local.lambda_host import Function, FunctionKey
from tidings_local.runner.dev.layers import lay_others, lay_over

LEASE_SECONDS = 20.0
"""The lease of the overlay after the last request of `make dev`."""
LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders of the working tree."""

    functions: Mapping[str, Path]
    """By the function's name."""
    layers: tuple[Path, ...]
    """Their packages hide those of the same name in a function's layers."""
    preload: tuple[str, ...] = ()
    """The third-party modules that these layers import."""

    @property
    def folders(self) -> set[Path]:
        return {*self.functions.values(), *self.layers}


@dataclass(slots=True)
class Overlay:
    """Gives the functions of a changed folder a new revision, so that no old environment is used.

    Only `$LATEST` is replaced: published versions do not change.

    Loading a changed layer for all functions takes most of a second. An earlier call gets a process
    with the other layers loaded, which imports the changed one itself.
    """

    directory: Path
    """The folder in which layers are merged; it has no other content."""
    deployed: Callable[[], Iterable[Function]]
    prepare: Callable[[Function], None]
    """Loads a function's layers before its first call."""
    is_prepared: Callable[[Function], bool]
    """Whether they are loaded."""
    retire: Callable[[FunctionKey], None]
    """Ends the environments that get no more calls."""
    clock: Callable[[], float] = time.monotonic
    _sources: Sources | None = None
    _lease_ends: float = 0.0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _revisions: dict[Path, int] = field(default_factory=dict)
    _layers_revision: int = 0
    _layers: dict[Path, Path] = field(default_factory=dict)
    _others: dict[Path, Path] = field(default_factory=dict)
    _used: dict[str, FunctionKey] = field(default_factory=dict)

    @property
    def is_laid(self) -> bool:
        """Whether calls run the working tree's code."""
        if self._sources is not None and self.clock() > self._lease_ends:
            self.lift()
        return self._sources is not None

    @property
    def laid_layers(self) -> list[Path]:
        """Return the folders that functions use as /opt."""
        return list(self._layers.values())

    def lay(self, sources: Sources, changed: Collection[Path] = ()) -> None:
        """Make the next calls run these sources.

        Args:
            sources: all of them.
            changed: the changed and the new folders.
        """
        if not self.is_laid:
            shutil.rmtree(self.directory, ignore_errors=True)
        self._sources = sources
        self.renew()
        new = {each for each in sources.folders if each in changed or each not in self._revisions}
        self._revisions |= {folder: next(self._numbers) for folder in new}
        if new & set(sources.layers):
            self._layers_revision = next(self._numbers)
            self._layers.clear()
        self._retire_old_and_prepare_new()

    def renew(self) -> None:
        """Extend the lease of the overlay."""
        self._lease_ends = self.clock() + LEASE_SECONDS

    def lift(self) -> None:
        """Make calls run the deployed code again."""
        self._sources = None
        for key in self._used.values():
            self.retire(key)
        self._used.clear()
        self._layers.clear()
        self._others.clear()
        self._revisions.clear()

    def of(self, deployed: Function) -> Function:
        """Return the function that a call of a deployed function runs."""
        if not self.is_laid:
            return deployed
        laid = self._laid(deployed)
        if laid is deployed:
            return deployed
        if self._used.get(laid.arn) != laid.key:
            self.retire(self._used.get(laid.arn, deployed.key))
            self._used[laid.arn] = laid.key
        if self.is_prepared(laid):
            return laid
        self.prepare(laid)
        return self._early(laid, deployed.opt_dir)

    def _laid(self, deployed: Function) -> Function:
        sources = self._sources
        folder = sources.functions.get(deployed.name) if sources else None
        if folder is None or deployed.version != LATEST:
            return deployed
        revision = f"{deployed.revision}+{self._revisions[folder]}.{self._layers_revision}"
        layers = self._layers_of(deployed.opt_dir)
        return replace(deployed, code_dir=folder, opt_dir=layers, revision=revision)

    def _layers_of(self, deployed: Path | None) -> Path | None:
        if deployed is None or self._sources is None:
            return deployed
        if deployed not in self._layers:
            target = self.directory / f"{deployed.name}-{self._layers_revision}"
            lay_over(deployed, self._sources.layers, target)
            self._layers[deployed] = target
        return self._layers[deployed]

    def _early(self, laid: Function, deployed: Path | None) -> Function:
        """Return the function for a process that imports the working tree's layers itself."""
        if deployed is None or self._sources is None:
            return laid
        if deployed not in self._others:
            target = self.directory / f"{deployed.name}-{next(self._numbers)}-others"
            lay_others(deployed, self._sources.layers, self._sources.preload, target)
            self._others[deployed] = target
        paths = [*map(str, self._sources.layers), laid.variables.get("PYTHONPATH", "")]
        path = os.pathsep.join(filter(None, paths))
        variables = {**laid.variables, "PYTHONPATH": path}
        return replace(laid, opt_dir=self._others[deployed], variables=variables)

    def _retire_old_and_prepare_new(self) -> None:
        prepared = set()
        for deployed in self.deployed():
            laid = self._laid(deployed)
            if self._used.get(laid.arn, laid.key) != laid.key:
                self.retire(self._used.pop(laid.arn))
            if laid is not deployed and laid.opt_dir not in prepared:
                prepared.add(laid.opt_dir)
                self.prepare(self._early(laid, deployed.opt_dir))
                self.prepare(laid)
