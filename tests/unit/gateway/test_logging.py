import logging

import app


def test_chalice_adds_no_log_lines() -> None:
    """Chalice's logger has the same name as ours, and would write each line again, not as JSON."""
    formats = [
        each.formatter and each.formatter._fmt
        for each in logging.getLogger(app.app.app_name).handlers
    ]
    assert app.app.FORMAT_STRING not in formats
