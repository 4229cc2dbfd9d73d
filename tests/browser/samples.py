"""A real place for each page whose path has an id, made through the API of the running stack."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.browser.operators import Account
from tests.e2e.shop import Shop


@dataclass(frozen=True)
class World:
    """The API and the accounts that make things for pages."""

    shop: Shop
    accounts: dict[str, Account]

    def as_role(self, role: str) -> Shop:
        """Return the API signed in as an operator or administrator."""
        account = self.accounts[role]
        return self.shop.login(account.email, account.password)


# A page with `{name}` in its path needs a row here: the function makes the thing, and returns
# the place of its page.
SAMPLES: Final[dict[str, Callable[[World], str]]] = {}
