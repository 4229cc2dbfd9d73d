"""X-Ray's trace header (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html)."""

import os
import time


def trace_id(incoming: str) -> str:
    """Return the trace of a request: the client's, completed, or a new one."""
    given = _fields(incoming) if incoming else {}
    root = given.get("Root") or f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"
    parent = given.get("Parent") or os.urandom(8).hex()
    sampled = given.get("Sampled") or ("1" if "Parent" in given else "0")
    return f"Root={root};Parent={parent};Sampled={sampled}"


def _fields(incoming: str) -> dict[str, str]:
    pairs = (part.split("=") for part in incoming.split(";"))
    return {pair[0].capitalize(): pair[1] for pair in pairs if len(pair) == 2}
