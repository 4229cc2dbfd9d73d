"""Write supervisord's configuration from the services of a stack."""

from __future__ import annotations

import shlex

from .services.service import Service
from .stack import Stack

STACK_MARK = "TIDINGS_STACK_FOLDER"
SERVICE_MARK = "TIDINGS_SERVICE"
"""Marks in each process's environment, which identify its stack even after its parent was killed.
"""

LOG_BYTES = 20_000_000


def render(stack: Stack, services: list[Service]) -> str:
    programs = [_program(stack, service) for service in sorted(services, key=lambda s: s.name)]
    return "\n".join([_server(stack), *programs])


def _server(stack: Stack) -> str:
    run = stack.run
    return _sections(
        {
            "unix_http_server": {"file": str(stack.supervisor_socket), "chmod": "0600"},
            "supervisord": {
                "logfile": str(stack.logs / "supervisord.log"),
                "logfile_maxbytes": str(LOG_BYTES),
                "logfile_backups": "1",
                "pidfile": str(run / "supervisord.pid"),
                "childlogdir": str(stack.logs),
                "umask": "077",
                "minfds": "256",
                "minprocs": "64",
            },
            "rpcinterface:supervisor": {
                "supervisor.rpcinterface_factory": (
                    "supervisor.rpcinterface:make_main_rpcinterface"
                )
            },
        }
    )


def _program(stack: Stack, service: Service) -> str:
    marks = {STACK_MARK: str(stack.folder), SERVICE_MARK: service.name}
    options = {
        "command": shlex.join(service.command),
        "directory": str(stack.run),
        "environment": environment_line(service.environment | marks),
        "priority": str(service.starts_after),
        "autostart": "false",
        "autorestart": "true" if service.restarts else "false",
        "startsecs": "1",
        "startretries": "10" if service.restarts else "0",
        "stopwaitsecs": str(service.stop_seconds),
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": str(stack.logs / f"{service.name}.log"),
        "stdout_logfile_maxbytes": str(LOG_BYTES),
        "stdout_logfile_backups": "1",
    }
    return _sections({f"program:{service.name}": options})


def environment_line(environment: dict[str, str]) -> str:
    return ",".join(f"{name}={_quoted(value)}" for name, value in sorted(environment.items()))


def _quoted(value: str) -> str:
    """Quote a value: supervisord cannot escape a quotation mark, but a URL can encode it."""
    return '"' + value.replace('"', "%22") + '"'


def _sections(sections: dict[str, dict[str, str]]) -> str:
    lines: list[str] = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{name}={value.replace('%', '%%')}" for name, value in options.items()]
        lines.append("")
    return "\n".join(lines)
