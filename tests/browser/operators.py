"""People who sign in to the console, created as outsiders would do it."""

from dataclasses import dataclass
from uuid import uuid4

from tests.e2e.aws import invoke
from tests.e2e.outside import code_in_mail_to
from tests.e2e.shop import PASSWORD, REGISTER, Shop


@dataclass(frozen=True)
class Account:
    """An account that can sign in to the console."""

    role: str
    email: str
    password: str = PASSWORD


def an_admin() -> Account:
    """Return a new administrator."""
    account = Account("admin", f"admin-{uuid4().hex}@example.com")
    invoke("tidings-create-admin", {"email": account.email, "password": account.password})
    return account


def an_operator(shop: Shop, admin: Account) -> Account:
    """Return a new operator: a customer with a verified address, then promoted by the admin."""
    account = Account("operator", f"operator-{uuid4().hex}@example.com")
    person = {"email": account.email, "password": account.password, "name": "Grace"}
    shop.graphql(REGISTER, i=person)
    # With another password, or none, the account would be taken for a stranger's.
    proof = {"email": account.email, "password": account.password}
    proof["code"] = code_in_mail_to(account.email)
    answer = shop.rest("POST", "/verify-email", proof)
    assert answer.status_code == 200, answer.text
    customer = shop.login(account.email, account.password)
    chief = shop.login(admin.email, admin.password)
    answer = chief.rest("PUT", f"/users/{customer.user_id}/role", {"role": "operator"})
    assert answer.status_code == 200, answer.text
    return account
