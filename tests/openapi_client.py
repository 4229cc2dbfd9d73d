"""A foreign client that knows the API by its OpenAPI document only: schemathesis."""

import subprocess
import sys
from pathlib import Path
from typing import Final

CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")
LIMIT_SECONDS: Final = 120


def complaints(
    api_url: str, *, token: str | None, examples: int, ca_file: str | None = None
) -> str | None:
    """Return what schemathesis has to say against the API, None where that is nothing.

    Args:
        api_url: where the API is.
        token: who calls; nobody without one.
        examples: how many requests it makes up for each operation, beside the systematic ones.
        ca_file: who signed the API's certificate.
    """
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={CONFIGURATION}",
        "run",
        f"{api_url}/api/v1/openapi.json",
        f"--url={api_url}",
        f"--max-examples={examples}",
        "--checks=all",
        "--mode=all",
        "--phases=examples,coverage,fuzzing",
        "--continue-on-failure",
        "--no-color",
        "--generation-database=none",
    ]
    command += [f"--header=Authorization: Bearer {token}"] if token else []
    command += [f"--tls-verify={ca_file}"] if ca_file else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    return None if done.returncode == 0 else done.stdout + done.stderr
