"""Checks of the services: they run, they answer, and the functions reach them."""

from __future__ import annotations

import ssl
import time

import httpx

from ...running.certificate import certificate_beside
from ...running.status import HANGS, Line, status_lines
from .finding import Finding, Section, bad, listed, ok, warn
from .installation import Installation, asking

SECONDS = 10
LOOK_AGAIN_SECONDS = 2


def check_services(installation: Installation) -> Finding:
    """Check what `make status` shows: whether each service answers."""
    if not installation.runs:
        return warn(f"the stack {installation.stack.name} does not run", "make up")
    away = away_services(installation)
    if away:  # a busy machine answers late
        time.sleep(LOOK_AGAIN_SECONDS)
        away = away_services(installation)
    if away:
        told = listed(f"{line.name} ({line.state}, {line.where})" for line in away)
        return bad(told, remedy(away), Section.SERVICE_IS_AWAY)
    return ok("every service answers")


def remedy(away: list[Line]) -> str:
    """Return the command that brings services back."""
    hanging = {line.name for line in away if line.state == HANGS}
    if any(line.name == "localstack" and line.state != HANGS for line in away):
        hanging.discard("bridge")  # it waits for the mappings, which LocalStack knows
    if hanging:
        return "make down, then make up, which alone only waits for a service that hangs"
    return "make up"


def away_services(installation: Installation) -> list[Line]:
    lines = status_lines(installation.stack, installation.members, {})
    return [line for line in lines if not line.is_ready]


def check_health(installation: Installation) -> Finding:
    """Ask the functions which services they reach, by the address of customers."""
    installation.must_run()
    stack = installation.stack
    trusted = ssl.create_default_context(cafile=str(certificate_beside(stack.certificate)))
    with (
        asking("the API", httpx.HTTPError, ValueError),
        httpx.Client(verify=trusted, timeout=SECONDS, trust_env=False) as http,
    ):
        answer = http.get(f"{stack.api_url}/health", params={"deep": "1"})
        told = answer.json().get("data") or {}
    if told.get("status") == "healthy":
        return ok("the functions reach every service")
    away = [name for name, each in told.get("services", {}).items() if each["status"] != "up"]
    found = f"/health says {told.get('status', answer.status_code)}: {listed(away) or 'no service'}"
    return bad(found, "make status, make logs LEVEL=ERROR MINUTES=15", Section.SERVICE_IS_AWAY)
