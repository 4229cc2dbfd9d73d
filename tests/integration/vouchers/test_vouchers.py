"""Operators create vouchers, read them, edit what may be edited, and end them."""

from datetime import timedelta
from functools import partial

import pytest

from tests.integration.builders import a_product, a_reader, at_once
from tests.integration.vouchers.builders import (
    OPERATOR,
    a_voucher,
    an_edit,
    as_it_is,
    order_with,
)
from tidings.platform.auditing.entries import AuditEntry
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.vouchers.errors import (
    CodeTaken,
    PeriodEmpty,
    StaleVoucher,
    UnknownCustomer,
    VoucherNotFound,
)
from tidings.vouchers.queries import get_voucher, get_vouchers
from tidings.vouchers.schemas import VoucherFilter, VoucherView

PAGE = PageRequest.model_validate({})


def listed(**wanted: object) -> list[str]:
    page = get_vouchers(PAGE, VoucherFilter.model_validate(wanted), caller=OPERATOR)
    return [each.id for each in page.items]


def test_voucher_is_stored_as_it_was_given() -> None:
    end = now() + timedelta(days=3)
    made = a_voucher(
        code="spring-x",
        percent="12.50",
        minimum=2_000,
        valid_until=end,
        total_limit=50,
        customer_limit=None,
    )
    found = as_it_is(made)
    assert found == made
    assert (found.code, found.percent, found.amount) == ("SPRING-X", "12.5", None)
    assert (found.minimum, found.valid_until, found.total_limit) == (2_000, end, 50)
    assert (found.customer_limit, found.uses, found.discounted) == (None, 0, 0)
    assert (found.state, found.version) == ("active", 1)


def test_code_is_generated() -> None:
    codes = {a_voucher(code=None).code for _ in range(3)}
    assert {len(each) for each in codes} == {19}
    assert len(codes) == 3


def test_code_belongs_to_one_voucher() -> None:
    a_voucher(code="SPRING")
    with pytest.raises(CodeTaken):
        a_voucher(code="spring")
    assert len(listed()) == 1


def test_voucher_for_one_customer_needs_an_account() -> None:
    with pytest.raises(UnknownCustomer):
        a_voucher(reach="customer", customer_id=new_id())
    customer = a_reader()
    assert a_voucher(reach="customer", customer_id=customer.user_id).customer_id == customer.user_id


def test_list_is_newest_first_and_filtered() -> None:
    first, second, third = (a_voucher() for _ in range(3))
    an_edit(second, ended=True)
    assert listed() == [third.id, second.id, first.id]
    assert listed(ended=False) == [third.id, first.id]
    assert listed(ended=True) == [second.id]
    assert listed(code=first.code.lower()) == [first.id]
    assert listed(code="NOTHING") == []


@pytest.mark.parametrize(
    ("begins", "ends", "limit", "state"),
    [
        (None, None, None, "active"),
        (1, None, None, "upcoming"),
        (-2, -1, None, "expired"),
        (-1, 1, 1, "used_up"),
        (-1, 1, 2, "active"),
    ],
)
def test_state_follows_from_period_and_uses(
    begins: int | None, ends: int | None, limit: int | None, state: str
) -> None:
    made = a_voucher(total_limit=limit)
    order_with(made.code, a_product())
    days = {"valid_from": begins, "valid_until": ends}
    period = {name: now() + timedelta(days=n) for name, n in days.items() if n is not None}
    assert (an_edit(made, **period) if period else as_it_is(made)).state == state


def test_edit_changes_the_named_fields_only() -> None:
    made = a_voucher(total_limit=5)
    edited = an_edit(made, customer_limit=None, name="Summer")
    assert (edited.name, edited.customer_limit, edited.total_limit) == ("Summer", None, 5)
    assert edited.version == 2
    assert an_edit(edited, total_limit=None).total_limit is None


def test_ended_voucher_can_be_opened_again() -> None:
    ended = an_edit(a_voucher(), ended=True)
    assert ended.state == "ended"
    assert an_edit(ended, ended=False).state == "active"


def test_repeated_edit_has_the_same_answer() -> None:
    made = a_voucher()
    edited = an_edit(made, ended=True)
    assert an_edit(made, ended=True) == edited


def test_stale_edit_is_refused() -> None:
    made = a_voucher()
    an_edit(made, name="Summer")
    with pytest.raises(StaleVoucher, match="version is now 2"):
        an_edit(made, name="Autumn")
    assert as_it_is(made).name == "Summer"


def test_of_two_edits_at_once_one_is_made() -> None:
    made = a_voucher()

    def attempt(name: str) -> VoucherView | None:
        try:
            return an_edit(made, name=name)
        except StaleVoucher:
            return None

    edited = [each for each in at_once([partial(attempt, f"No {n}") for n in range(8)]) if each]
    assert [each.name for each in edited] == [as_it_is(made).name]


def test_period_must_not_become_empty() -> None:
    made = a_voucher(valid_until=now() + timedelta(days=1))
    with pytest.raises(PeriodEmpty):
        an_edit(made, valid_from=now() + timedelta(days=2))
    assert as_it_is(made) == made


def test_unknown_voucher_is_not_found() -> None:
    with pytest.raises(VoucherNotFound):
        get_voucher(new_id(), caller=OPERATOR)


def test_audit_trail_has_creation_and_edits_without_the_code() -> None:
    made = a_voucher(code="SECRET-SALE", total_limit=5)
    an_edit(made, total_limit=9, ended=True)
    entries = list(AuditEntry.objects(operation__in=["create_voucher", "update_voucher"]))
    assert [each.outcome for each in entries] == ["ok", "ok"]
    assert all(made.id in each.to_json() for each in entries)
    assert not any("SECRET-SALE" in each.to_json() for each in entries)
