"""Documents of notifications and of delivery.

A notification contains its deliveries, so that both change in one atomic write. It is stored in the
database `notifications`. The documents of the database `delivery` contain no address, no phone
number and no token.
"""

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    MapField,
    StringField,
)

from tidings.delivery.parts import Channel as Channel
from tidings.delivery.parts import Delivery as Delivery
from tidings.delivery.parts import DeliveryStatus as DeliveryStatus
from tidings.delivery.parts import Priority as Priority
from tidings.delivery.parts import Step as Step
from tidings.delivery.parts import TriedProvider as TriedProvider
from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument, StoredPart
from tidings.platform.timing.clock import new_id, now


class Notification(OutboxDocument):
    """One message to one person, in the inbox and through other channels.

    `dedupe_key` ensures that an event notifies a person once. The inbox's text is stored as it was
    rendered. The other channels render template, version and variables when they send.
    """

    id = StringField(primary_key=True, default=new_id)
    user_id = StringField(required=True)
    kind = StringField(required=True)
    # The category of preferences that applies: orders, promotions, tasks...
    category = StringField(required=True, default="account")
    template_code = StringField()
    template_version = IntField()
    language = StringField()
    variables = DictField()
    # Empty if it is not for the inbox.
    title = StringField()
    body = StringField()
    # Transactional notifications always reach the inbox, and never wait for a digest.
    transactional = BooleanField(required=True, default=False)
    # It contains a one-time code: it is sent at once, also to an address that is not verified yet,
    # and its variables are deleted when its delivery is settled.
    carries_code = BooleanField(required=True, default=False)
    # Operators see by it what recipients would get; its text is marked as a test.
    is_sample = BooleanField()
    # Data of the sender, returned with the status.
    metadata = DictField()
    subject_id = StringField(required=True)
    dedupe_key = StringField(required=True, unique=True)
    event_id = StringField(required=True)
    correlation_id = StringField()
    campaign_id = StringField()
    # The variant of the campaign's experiment, in its test.
    variant = StringField()
    # True if nothing of it leaves: a test key sent it, or its recipient is simulated. Others do not
    # have it.
    simulated = BooleanField()
    # The service whose callback gets its final statuses; most have none.
    callback_to = StringField()
    priority = StringField(required=True, default=Priority.NORMAL.value)
    # False if it goes only through other channels.
    in_inbox = BooleanField(required=True, default=True)
    # When the inbox got it, if that was later than `created_at`: at its `send_at`.
    shown_at = DateTimeField()
    created_at = DateTimeField(required=True, default=now)
    read_at = DateTimeField()
    archived_at = DateTimeField()
    # The sender's number of the text that replaced the first one, with the digest of that request.
    revision = IntField()
    revision_digest = StringField()
    updated_at = DateTimeField()
    # Its sender has taken it back: no inbox shows it, and nothing of it is sent any more.
    retracted_at = DateTimeField()
    # MongoDB deletes it at this time.
    expires_at = DateTimeField()
    deliveries = MapField(EmbeddedDocumentField(Delivery))
    # Whether its rule or its sender named its channels; otherwise the person's preferences chose
    # them. It explains a channel without a delivery. Older notifications do not have it.
    channels_named = BooleanField()
    # The release job does not need to look at it before this time: the earliest `due_at` of its
    # scheduled deliveries, or the end of the lease of a claim. It may be too early, never too late.
    next_due_at = DateTimeField()
    # When its mail is due for the person's digest, and the digest that includes it.
    digest_due_at = DateTimeField()
    digest_key = StringField()

    meta = {  # noqa: RUF012
        "db_alias": "notifications",
        "collection": "notifications",
        "indexes": [
            ("user_id", "-id"),
            {"fields": ["next_due_at"], "sparse": True},
            {"fields": ["digest_due_at"], "sparse": True},
            {"fields": ["shown_at"], "sparse": True},
            {"fields": ["campaign_id"], "sparse": True},
            # Operators search by the request's id.
            {"fields": ["correlation_id"], "sparse": True},
            retention.NOTIFICATIONS.index(),
        ],
    }


class SuppressionAct(StoredPart):
    """An operator's action on a suppression."""

    act = StringField(required=True)
    by = StringField(required=True)
    at = DateTimeField(required=True)
    reason = StringField(required=True)


class Suppression(StoredDocument):
    """An address that gets no more mail; its id is a keyed hash of the address.

    A lifted suppression has no effect. It is kept for 30 days with the operator's action.
    """

    id = StringField(primary_key=True)
    channel = StringField(required=True, default="email")
    reason = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)
    lifted_at = DateTimeField()
    acts = EmbeddedDocumentListField(SuppressionAct)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "suppressions",
        "indexes": [
            ("-created_at", "-id"),
            retention.LIFTED_SUPPRESSIONS.index(),
        ],
    }


class PushEndpoint(StoredDocument):
    """The SNS endpoint of a device; its id is a keyed hash of the application and the token."""

    id = StringField(primary_key=True)
    arn = StringField(required=True)
    # The user who last used the device; erasing the user deletes it.
    user_id = StringField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "push_endpoints",
        "indexes": [
            {"fields": ["user_id"], "sparse": True},
            # SNS returns the same ARN if it is asked again.
            retention.PUSH_ENDPOINTS.index(),
        ],
    }


class Feedback(OutboxDocument):
    """A provider's feedback on a message; its id contains the message's id and the kind."""

    id = StringField(primary_key=True)
    kind = StringField(required=True)
    notification_id = StringField()
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "feedback",
        # Providers repeat a report within hours at most.
        "indexes": [retention.FEEDBACK.index()],
    }


class Unsubscription(StoredDocument):
    """A click on the unsubscribe link in a mail; its id is the mail's notification id."""

    id = StringField(primary_key=True)
    user_id = StringField(required=True)
    category = StringField(required=True)
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "unsubscriptions",
        "indexes": ["user_id"],
    }


class ClickedLink(StoredPart):
    """A link of a mail that its reader clicked."""

    url = StringField(required=True)
    first_at = DateTimeField(required=True)
    count = IntField(required=True, default=0)


class MailResponse(StoredDocument):
    """What a person who agreed to it did with a campaign's mail; its id is the notification's.

    It is stored when the mail was sent, and deleted when the person no longer agrees. So a mail
    without one is not recorded.
    """

    id = StringField(primary_key=True)
    user_id = StringField(required=True)
    campaign_id = StringField(required=True)
    # The variant of the campaign's experiment, in its test.
    variant = StringField()
    mailed_at = DateTimeField(required=True)
    # A click counts as an opening, too, because mail programs may hide pictures.
    opened_at = DateTimeField()
    opens = IntField(required=True, default=0)
    clicked_at = DateTimeField()
    # By the hash of their address.
    links = MapField(EmbeddedDocumentField(ClickedLink))
    expires_at = DateTimeField(required=True)

    meta = {  # noqa: RUF012
        "db_alias": "delivery",
        "collection": "mail_responses",
        "indexes": [
            ("campaign_id", "user_id"),
            ("user_id", "-id"),
            retention.MAIL_RESPONSES.index(),
        ],
    }
