"""Convert host names between Unicode and ASCII by IDNA 2008, as email-validator does."""


def ascii_host(host: str) -> str:
    """Return a host name in ASCII: `faß.de` is `xn--fa-hia.de`.

    Python's own codec `idna` implements IDNA 2003 and turns it into `fass.de`, another domain. The
    standard library applies that codec to every name that is not ASCII, so pass it this form
    instead. The options are those of email-validator (docs/decisions/0074).

    Raises:
        ValueError: the text is not a host name.
    """
    if host.isascii():
        return host.lower()
    import idna

    return idna.encode(host, uts46=True, std3_rules=False, transitional=False).decode("ascii")


def readable_host(host: str) -> str:
    """Return a host name in its own script; return other text unchanged."""
    import idna

    try:
        return idna.decode(host, uts46=True, std3_rules=False) if host else host
    except UnicodeError:
        return host
