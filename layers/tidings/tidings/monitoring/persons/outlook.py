"""What would become of a message to a person now: the decisions of delivery, without a message."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, get_args

from tidings.delivery.models import Channel, DeliveryStatus, Priority
from tidings.delivery.planning import (
    INBOX,
    SWITCHED_OFF,
    Decision,
    after_unread,
    decide,
    reaches_inbox,
    wished_channels,
)
from tidings.monitoring.explaining.deliveries import NOT_ADDRESSED
from tidings.monitoring.explaining.reasons import reason_of
from tidings.monitoring.explaining.schemas import ChannelOutcome
from tidings.monitoring.persons.schemas import CategoryOutlook, MessageOutlook
from tidings.notifications.rules import RULES
from tidings.users.contacts import Contact
from tidings.users.preferences import Category

TRANSACTIONAL: Final = frozenset(rule.category for rule in RULES.values() if rule.transactional)
BROKEN: Final = "template_broken"
# The outcomes of messages that would reach the person.
REACHES: Final = frozenset(
    {DeliveryStatus.QUEUED, DeliveryStatus.DELIVERED, DeliveryStatus.SCHEDULED}
)
SENTENCES: Final[dict[str, str]] = {
    DeliveryStatus.QUEUED: "It would be sent.",
    DeliveryStatus.DELIVERED: "It would be in the inbox.",
    DeliveryStatus.SCHEDULED: "It would wait: {clause}, until {due_at}.",
    DeliveryStatus.SUPPRESSED: "It would not be sent: {clause}.",
}


@dataclass(frozen=True)
class Usual:
    """The terms of a usual message of a category; its sender names no channels."""

    category: str
    carries_code: bool = False
    priority: str = Priority.NORMAL.value
    simulated: bool = False
    kind: str = ""
    is_sample: bool = False

    @property
    def transactional(self) -> bool:
        return self.category in TRANSACTIONAL


# A usual message of each category.
USUAL: Final = tuple(Usual(category) for category in get_args(Category))


def outlook_for(
    contact: Contact,
    suppression: str | None,
    messages: Sequence[MessageOutlook],
    at: datetime,
    *,
    reached: Mapping[tuple[str, Channel], str],
) -> list[CategoryOutlook]:
    """Return the outlook for each category.

    Args:
        suppression: the reason why the person's address gets no mail.
        messages: whether the messages of each kind can be rendered.
        reached: the reasons of the limits that the person has reached, by category and channel.
    """
    return [
        _outlook(
            list(_outcomes(usual, contact, suppression, at, reached)),
            [each for each in messages if each.category == usual.category],
            usual.category,
        )
        for usual in USUAL
    ]


def _outlook(
    channels: list[ChannelOutcome], messages: list[MessageOutlook], category: str
) -> CategoryOutlook:
    """Return the outlook with what broken templates change: they fail on every channel."""
    broken = [each.kind for each in messages if each.fault]
    if broken:
        fails = _all_fail if len(broken) == len(messages) else partial(_some_fail, broken)
        channels = [fails(each) if each.status in REACHES else each for each in channels]
    return CategoryOutlook(category=category, channels=channels, messages=messages)


def _all_fail(outcome: ChannelOutcome) -> ChannelOutcome:
    sentence = "It would fail: the templates of this category cannot be rendered."
    changed = {"status": DeliveryStatus.FAILED, "reason": BROKEN, "sentence": sentence}
    return outcome.model_copy(update=changed)


def _some_fail(broken: Sequence[str], outcome: ChannelOutcome) -> ChannelOutcome:
    sentence = f"{outcome.sentence} But {', '.join(broken)} would fail: the template is broken."
    changed = {"reason": outcome.reason or BROKEN, "sentence": sentence}
    return outcome.model_copy(update=changed)


def _outcomes(
    terms: Usual,
    contact: Contact,
    suppression: str | None,
    at: datetime,
    reached: Mapping[tuple[str, Channel], str],
) -> Iterator[ChannelOutcome]:
    yield _outcome(INBOX, terms, _inbox(terms, contact))
    wished = wished_channels(terms, contact)
    for channel in Channel:
        if channel.value not in wished:
            yield _not_chosen(channel, terms)
            continue
        decision = decide(channel, terms, contact, at)
        if suppression and channel is Channel.EMAIL and decision.status != _NEVER:
            decision = Decision(_NEVER, suppression)
        if channel is Channel.EMAIL and reaches_inbox(terms, contact):
            decision = after_unread(decision, terms, at) or decision
        reason = reached.get((terms.category, channel))
        if reason and decision.status == DeliveryStatus.QUEUED:
            decision = Decision(_NEVER, reason)
        yield _outcome(channel.value, terms, decision)


_NEVER: Final = DeliveryStatus.SUPPRESSED


def _inbox(terms: Usual, contact: Contact) -> Decision:
    if reaches_inbox(terms, contact):
        return Decision(DeliveryStatus.DELIVERED)
    return Decision(_NEVER, SWITCHED_OFF)


def _not_chosen(channel: Channel, terms: Usual) -> ChannelOutcome:
    return ChannelOutcome(
        channel=channel.value,
        status=NOT_ADDRESSED,
        reason="not_chosen",
        sentence=f"The person has not switched on {channel.value} for {terms.category}.",
    )


def _outcome(channel: str, terms: Usual, decision: Decision) -> ChannelOutcome:
    found = reason_of(decision.reason, decision.status, channel=channel, category=terms.category)
    code, clause = found or (None, "")
    due_at = decision.due_at.isoformat() if decision.due_at else ""
    return ChannelOutcome(
        channel=channel,
        status=decision.status,
        reason=code,
        sentence=SENTENCES[decision.status].format(clause=clause, due_at=due_at),
    )
