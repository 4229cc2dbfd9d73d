"""Lets Python look for garbage in LocalStack less often.

Python looks through everything again and again while much is made: loading services and creating
our stack spent a quarter of their time so, and found next to nothing.
"""

import gc

THRESHOLDS = (50_000, 10, 10)
"""Of containers that were made and still live; Python's own are 700, 10 and 10."""


def collect_less_often() -> None:
    """Leave out what is loaded by now, and look at the rest after more has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
