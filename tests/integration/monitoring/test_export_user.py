"""The export of a person's data, for that person and for administrators."""

import pytest

from tests.integration.builders import a_person
from tests.integration.monitoring.persons import PHONE, WEBHOOK, with_something_of_everything
from tests.integration.users.people import as_principal, registered
from tidings.delivery.models import Notification
from tidings.monitoring import export
from tidings.monitoring.export import export_user
from tidings.orders.models import Order, OrderItem
from tidings.platform.errors import Forbidden
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.tasks.models import Task
from tidings.users.errors import UserNotFound
from tidings.users.models import PushToken, User


def with_one_of_each() -> Principal:
    user = registered()
    pen = OrderItem(product_id=new_id(), sku="S", title="Pen", quantity=1, unit_price=9)
    Order(customer_id=user.id, items=[pen], total=9, currency="EUR", state="placed").save()
    Task(owner_id=user.id, title="Call", state="open", priority_rank=1).save()
    PushToken(
        user_id=user.id, platform="web", token="t", token_hash=new_id(), device="Browser"
    ).save()
    Notification(
        user_id=user.id,
        kind="order.confirmed",
        title="Confirmed",
        body="It is.",
        subject_id=new_id(),
        dedupe_key=new_id(),
        event_id=new_id(),
    ).save()
    return as_principal(user)


@pytest.mark.parametrize("role", [None, Role.ADMIN])
def test_person_and_administrator_get_all_data_of_the_person(role: Role | None) -> None:
    person, _other = with_one_of_each(), with_one_of_each()
    found = export_user(person.user_id, caller=a_person(role) if role else person)
    kinds = (found.orders, found.tasks, found.push_tokens, found.notifications)
    assert [len(each) for each in kinds] == [1, 1, 1, 1]
    assert found.profile.email == User.objects.get(pk=person.user_id).email
    assert found.profile.preferences
    assert found.orders[0].customer_id == person.user_id
    assert found.complete


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.OPERATOR])
def test_others_get_nothing(role: Role) -> None:
    person = with_one_of_each()
    with pytest.raises(Forbidden):
        export_user(person.user_id, caller=a_person(role))


def test_long_lists_contain_the_newest_and_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    person = as_principal(registered())
    titles = [str(number) for number in range(230)]
    Task.objects.insert(
        [Task(owner_id=person.user_id, title=t, state="open", priority_rank=1) for t in titles]
    )
    everything = export_user(person.user_id, caller=person)
    assert [each.title for each in everything.tasks] == titles[::-1]
    assert everything.complete
    monkeypatch.setattr(export, "MAX_OF_EACH", 200)
    cut = export_user(person.user_id, caller=person)
    assert [each.title for each in cut.tasks] == titles[:29:-1]
    assert not cut.complete


def test_export_has_the_data_of_every_domain(keys: SigningKeys) -> None:
    person = with_something_of_everything().principal
    Notification.objects(user_id=person.user_id).update_one(set__campaign_id="campaign-1")
    found = export_user(person.user_id, caller=person)
    assert (found.contact_points.phone, found.contact_points.webhook_url) == (PHONE, WEBHOOK)
    assert {each.kind for each in found.activity} == {"purchased", "browsed"}
    assert found.recommendations.computed_at
    assert all(each.deliveries for each in found.notifications)
    assert {each.channel for told in found.notifications for each in told.deliveries} >= {"email"}
    assert [each.category for each in found.unsubscriptions] == ["promotions"]
    assert found.campaigns == ["campaign-1"]
    assert [each.customer_id for each in found.vouchers] == [person.user_id]


def test_deleted_account_has_nothing_to_export() -> None:
    with pytest.raises(UserNotFound):
        export_user(new_id(), caller=a_person(Role.ADMIN))
