"""A foreign client that knows the API by its OpenAPI document only: schemathesis."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")
HOOKS: Final = Path(__file__).with_name("schemathesis_hooks.py")
# API Gateway itself answers 403 (Missing Authentication Token) where a path has no such method,
# and cannot be taught 405; nothing of ours is reached.
NOT_OURS: Final = "unsupported_method"
LIMIT_SECONDS: Final = 240
FEW: Final = ("--seed=1", "--max-examples=3", "--phases=examples,fuzzing")
MANY: Final = ("--max-examples=20", "--phases=examples,coverage,fuzzing")
# Whoever calls these with success is not signed in any more, or is nobody.
ENDING: Final = ("logout", "delete_account")


def complaints(
    api_url: str,
    *,
    token: str | None,
    seconds: int | None = None,
    ca_file: str | None = None,
    ending: bool = False,
) -> str | None:
    """Return what schemathesis has to say against the API, None where that is nothing.

    Args:
        api_url: where the API is.
        token: who calls; nobody without one.
        seconds: how long it may take, beside the last request; without it, a few requests of
            each operation are tried, the same ones each time.
        ca_file: who signed the API's certificate.
        ending: whether to try the operations that end the caller's token, and only these;
            after the first success they are tried by a token that does not hold any more.
    """
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={CONFIGURATION}",
        "run",
        f"{api_url}/api/v1/openapi.json",
        f"--url={api_url}",
        *(FEW if seconds is None else (f"--max-time={seconds}", *MANY)),
        "--checks=all",
        f"--exclude-checks={NOT_OURS}",
        "--mode=all",
        "--continue-on-failure",
        "--no-color",
        "--generation-database=none",
    ]
    which = "include" if ending else "exclude"
    command += [f"--{which}-operation-id={name}" for name in ENDING]
    command += [f"--header=Authorization: Bearer {token}"] if token else []
    command += [f"--tls-verify={ca_file}"] if ca_file else []
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_SECONDS, env=environment
    )
    return None if done.returncode == 0 else done.stdout + done.stderr
