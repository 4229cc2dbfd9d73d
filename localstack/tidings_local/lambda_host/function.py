"""The values that go in and out of the host."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class FunctionKey(NamedTuple):
    """Environments are shared by calls of one version in one revision of its code and settings."""

    arn: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One version of a function, unpacked and ready to start.

    `variables` are the function's own; `platform_variables` are what the front door adds
    (credentials, endpoint). `opt_dir` holds the layers, laid over each other as /opt is on AWS.
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
    """What a call came to: the function's answer, or the error AWS would give.

    `logs` is the whole log, START to REPORT, of the environment whose log stream is named.
    `init_ms` is None for a warm call, `error_type` for an answer of the function's own.
    """

    request_id: str
    payload: bytes
    is_error: bool
    logs: str
    duration_ms: float = 0.0
    init_ms: float | None = None
    error_type: str | None = None
    log_stream: str = ""
