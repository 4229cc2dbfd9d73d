"""Documents of the vouchers database."""

from datetime import datetime

from mongoengine import BooleanField, DateTimeField, IntField, LongField, StringField

from tidings.platform.storage.documents import StoredDocument
from tidings.platform.timing.clock import new_id, now
from tidings.vouchers.codes import new_key
from tidings.vouchers.fields import VoucherReach, VoucherState


class Voucher(StoredDocument):
    """A voucher; amounts are in minor units of `currency`.

    Its discount, minimum and reach never change, because orders were placed by them. `uses` and
    `discounted` are those of the orders that have it now; they change in the transaction that
    places an order or returns its voucher.
    """

    id = StringField(primary_key=True, default=new_id)
    code = StringField(required=True)
    name = StringField(required=True)
    reach = StringField(required=True, choices=[reach.value for reach in VoucherReach])
    # The personal codes of the reach `campaign` are made with it.
    key = StringField(required=True, default=new_key)
    # Only with the reach `customer`, until the person is erased.
    customer_id = StringField()
    # One of both: an amount, or hundredths of a per cent.
    amount = LongField()
    hundredths = IntField()
    currency = StringField(required=True)
    minimum = LongField(required=True, default=0)
    valid_from = DateTimeField()
    valid_until = DateTimeField()
    total_limit = IntField()
    customer_limit = IntField()
    ended = BooleanField(required=True, default=False)
    uses = IntField(required=True, default=0)
    discounted = LongField(required=True, default=0)
    # Counts the edits, from 1; uses do not count.
    version = IntField(required=True, default=1)
    created_at = DateTimeField(required=True, default=now)
    updated_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "vouchers",
        "collection": "vouchers",
        "indexes": [
            {"fields": ["code"], "unique": True},
            ("ended", "-id"),
            {"fields": ["customer_id"], "sparse": True},
        ],
    }

    def state_at(self, at: datetime) -> VoucherState:
        """Return whether orders can have it at a time."""
        if self.ended:
            return VoucherState.ENDED
        if self.valid_until is not None and at >= self.valid_until:
            return VoucherState.EXPIRED
        if self.total_limit is not None and self.uses >= self.total_limit:
            return VoucherState.USED_UP
        if self.valid_from is not None and at < self.valid_from:
            return VoucherState.UPCOMING
        return VoucherState.ACTIVE
