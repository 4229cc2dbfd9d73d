"""Read the mappings from the Lambda API, or from a file in the API's format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import yaml

from tidings_local.bridge.lambda_api import LambdaApi
from tidings_local.bridge.mapping import Mapping, served

MappingEntries = Callable[[], list[dict[str, Any]]]


class MappingsUnreadableError(Exception):
    """The mappings file is missing or not in the format of the Lambda API."""


class MappingSource(Protocol):
    def mappings(self) -> list[Mapping]: ...


class LambdaMappings:
    def __init__(self, api: LambdaApi, state: str) -> None:
        self._api = api
        self._state = state

    def mappings(self) -> list[Mapping]:
        return served(self._api.event_source_mappings(), self._state)


class FileMappings:
    """For a broker that AWS cannot map; the file is read each time, so that changes are applied."""

    def __init__(self, path: Path, state: str) -> None:
        self._path = path
        self._state = state

    def mappings(self) -> list[Mapping]:
        try:
            document = yaml.safe_load(self._path.read_text())
            entries = document["EventSourceMappings"]
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise MappingsUnreadableError(f"{self._path}: {error!r}") from error
        return served(entries, self._state)
