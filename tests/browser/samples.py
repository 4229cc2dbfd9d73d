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


CREATE_CAMPAIGN: Final = "mutation($i: CreateCampaignInput!) { createCampaign(input: $i) { id } }"


def a_draft(world: World) -> str:
    """Return the id of a new campaign."""
    wanted = {
        "name": "Winter days: everything for writing",
        "templateCode": "promotion",
        "schedule": {"kind": "NEXT_FRIDAY"},
        "audience": {"language": "x-winter", "inactiveDays": 90, "boughtCategory": "pens"},
        "voucher": "WINTER-10",
    }
    made = world.as_role("operator").graphql(CREATE_CAMPAIGN, i=wanted)
    return str(made["createCampaign"]["id"])


def _of_a_campaign(page: str) -> Callable[[World], str]:
    return lambda world: f"campaigns/{a_draft(world)}{page}"


# A page with `{name}` in its path needs a row here: the function makes the thing, and returns
# the place of its page.
SAMPLES: Final[dict[str, Callable[[World], str]]] = {
    **{
        f"campaigns/{{campaign_id}}{page}": _of_a_campaign(page)
        for page in ("", "/preview", "/start", "/pause", "/resume", "/stop")
    },
    "templates/{template_code}": lambda _: "templates/order_confirmed",
    "templates/{template_code}/rollback": lambda _: "templates/order_confirmed/rollback",
}
