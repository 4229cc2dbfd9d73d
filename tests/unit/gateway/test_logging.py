import logging

import app


def test_chalice_writes_no_lines_of_its_own_beside_ours() -> None:
    """Its logger has the name of ours: each line would be there twice, the second one no JSON."""
    formats = [
        each.formatter and each.formatter._fmt
        for each in logging.getLogger(app.app.app_name).handlers
    ]
    assert app.app.FORMAT_STRING not in formats
