"""GraphiQL in a real browser: it loads all files from the gateway, and reads the schema."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.settings import stack_under_test

# `apt-get install chromium` loads about 100 MB, so `make test` does not do it.
CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")
OPTIONS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--ignore-certificate-errors", "--virtual-time-budget=20000", "--dump-dom"),
)
LIMIT_SECONDS: Final = 90


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: make test-browser installs it")
def test_page_starts_and_reads_the_schema(tmp_path: Path) -> None:
    assert CHROMIUM
    done = subprocess.run(
        [
            CHROMIUM,
            *OPTIONS,
            f"--user-data-dir={tmp_path}",
            f"{stack_under_test().api_url}/graphql",
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    page = done.stdout
    assert "graphiql-container" in page, done.stderr[-2000:]
    assert "https://unpkg.com" not in page
    assert "Error fetching schema" not in page
    assert 'aria-label="Execute query' in page
