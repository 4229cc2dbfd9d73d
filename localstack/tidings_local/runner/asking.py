"""Ask LocalStack for the deployment after a restart of the runner."""

import asyncio
import logging
from typing import Final

import httpx
import orjson

from tidings_local.runner.deployment import Deployment
from tidings_local.runner.forms import ASK_PATH, Snapshot

logger = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 0.1
UNREADABLE_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 5.0


async def ask_until_known(deployment: Deployment, endpoint: str) -> None:
    """Ask until LocalStack answers, or has sent the deployment itself, as it does at its start."""
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
        while deployment.known is None:
            content = await _ask(http, endpoint)
            if content is None or deployment.known is not None:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            try:
                deployment.replace(Snapshot(**orjson.loads(content)))
            except Exception:
                logger.exception(
                    "the deployment cannot be read: LocalStack may have another version"
                )
                await asyncio.sleep(UNREADABLE_SECONDS)


async def _ask(http: httpx.AsyncClient, endpoint: str) -> bytes | None:
    try:
        answer = await http.get(f"{endpoint}{ASK_PATH}")
    except httpx.HTTPError:
        return None
    return answer.content if answer.is_success else None  # otherwise it is still starting
