"""The inputs and outputs of the host."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class FunctionKey(NamedTuple):
    """Calls of one version with the same revision of code and settings share environments."""

    arn: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One version of a function, unpacked and ready to start.

    `variables` are the function's own; `platform_variables` are those of the platform (credentials,
    endpoint). `opt_dir` contains the merged layers, like /opt on AWS.
    """

    name: str
    version: str
    arn: str
    revision: str
    handler: str
    code_dir: Path
    opt_dir: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    platform_variables: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    log_group: str = ""
    timeout_seconds: float = 3
    memory_mb: int = 128
    max_environments: int | None = None

    @property
    def key(self) -> FunctionKey:
        return FunctionKey(self.arn, self.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    payload: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    invoked_arn: str = ""
    trace_id: str | None = None
    client_context: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a call: the function's answer, or the error that AWS would return.

    `logs` is the whole log, START to REPORT, of the environment with this log stream. `init_ms` is
    None for a warm call, `error_type` is None for the function's own answer.
    """

    request_id: str
    payload: bytes
    is_error: bool
    logs: str
    duration_ms: float = 0.0
    init_ms: float | None = None
    error_type: str | None = None
    log_stream: str = ""
