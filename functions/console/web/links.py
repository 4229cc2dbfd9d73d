"""Links between pages, relative to the current one.

The console does not know the public prefix of its address: API Gateway hides the stage, a custom
domain has a prefix of its own, and LocalStack another one. Relative links work under all of them.
"""

from urllib.parse import quote, urlencode

from web import files


class Links:
    """The links of a page.

    Args:
        depth: the number of parts of its path below `/console`.
    """

    def __init__(self, depth: int) -> None:
        self._root = "../" * depth + "console"

    def __call__(self, *parts: str, **query: object) -> str:
        """Return the address of a place in the console: `link("orders", order_id)`.

        A part may contain slashes only in a text of ours, such as `failed-messages/redrive`.
        Parameters without a value are left out.
        """
        path = "/".join([self._root, *(quote(each) for each in parts if each)])
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{path}?{urlencode(given)}" if given else path

    def place(self, place: str) -> str:
        """Return the address of a place that has its query with it, as in `search?q=a`."""
        return self._root + (place if place[:1] in ("", "?") else f"/{place}")

    def static(self, name: str) -> str:
        """Return the address of a file; it names the content, so browsers may keep it."""
        return f"{self._root}/static/{files.versioned(name)}"
