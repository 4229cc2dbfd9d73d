"""The number of files that the runner may have open."""

import resource

WANTED = 65_536


def allow_many() -> None:
    """Raise this process's own limit as far as the system allows without privileges.

    Each environment needs six files and each client one, so that the usual limit of 1,024 could be
    reached.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
