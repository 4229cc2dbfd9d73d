"""`make bench T=recommendations DATA=file`: real baskets instead of generated shops."""

from __future__ import annotations

from pathlib import Path

import bootstrap

from ..errors import LauncherError
from ..settings import ROOT, Options

BENCHMARK = "recommendations"


def data_of(options: Options) -> dict[str, str]:
    """Return the variables that tell the benchmark its file and the Python with the library.

    Raises:
        LauncherError: DATA is no readable file, or the options do not fit it.
    """
    if options.data is None:
        return {}
    if options.t != BENCHMARK:
        raise LauncherError("DATA is a file of baskets", hint=f"make bench T={BENCHMARK} DATA=...")
    if options.compare:
        raise LauncherError("DATA and COMPARE do not work together", hint="run them one by one")
    path = ROOT / Path(options.data).expanduser()
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise LauncherError(
            f"cannot read {path}: {error.strerror}",
            hint="DATA=<a file with one basket per line, its goods separated by commas>",
        ) from None
    return {
        "TIDINGS_BENCH_DATA": str(path),
        "TIDINGS_BENCH_PYTHON": str(bootstrap.python_of("bench")),
    }
