"""Test the API with schemathesis, which knows it only by its OpenAPI document."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")
HOOKS: Final = Path(__file__).with_name("schemathesis_hooks.py")
# API Gateway answers 403 (Missing Authentication Token) for a method that a path does not have, and
# cannot answer 405; our code is not called.
NOT_OURS: Final = "unsupported_method"
LIMIT_SECONDS: Final = 900
FEW: Final = ("--seed=1", "--max-examples=3", "--phases=examples,fuzzing")
MANY: Final = ("--max-examples=20", "--phases=examples,coverage,fuzzing")
# A successful call of these ends the caller's session or account.
ENDING: Final = ("logout", "delete_account")


def complaints(
    api_url: str,
    *,
    token: str | None,
    seconds: int | None = None,
    ca_file: str | None = None,
    ending: bool = False,
) -> str | None:
    """Return schemathesis' report of differences between API and document, or None.

    Args:
        api_url: the address of the API.
        token: the caller's token; anonymous without one.
        seconds: the time limit, without the last request; if it is missing, a few requests of
            each operation are tried, the same ones each time.
        ca_file: the certificate of the authority that signed the API's.
        ending: whether to try the operations that end the caller's token, and only these;
            after the first success they are tried with a token that is no longer valid.
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
        "--request-timeout=60",
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
