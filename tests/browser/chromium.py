"""Chromium, driven by Playwright. Import this in fixtures only: other test runs do without it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

# `apt-get install chromium` loads about 100 MB, so `make test` does not do it.
CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")
OPTIONS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--ignore-certificate-errors",
)


@contextmanager
def running() -> Iterator[Browser]:
    """Start the installed Chromium; Playwright's own is never loaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()
