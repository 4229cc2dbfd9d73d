"""Run SecantusDB's own main with its slow parts replaced.

Run as a file: its environment has SecantusDB, and none of our packages.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Its own folder would hide nothing useful; the folder of `tidings_local` is needed.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

    from secantus.cli import main

    from tidings_local.embedded_mongodb.mending import mend

    mend()
    main()
