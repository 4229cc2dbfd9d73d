"""Make garbage collections rarer in LocalStack.

Python scans all objects again and again while many are created: loading services and creating our
stack spent a quarter of their time in this, and freed almost nothing.
"""

import gc

THRESHOLDS = (50_000, 10, 10)
"""Counted in new containers that are still alive; Python's defaults are 700, 10 and 10."""


def collect_less_often() -> None:
    """Exclude the loaded objects, and scan the others after more were created."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
