"""How many files the runner may have open at once."""

import resource

WANTED = 65_536


def allow_many() -> None:
    """Raise this process's own limit as far as the system allows it without privileges.

    Each environment takes six files and each client one: 1,024, the usual limit, would be
    reached with the connections of a busy day.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
