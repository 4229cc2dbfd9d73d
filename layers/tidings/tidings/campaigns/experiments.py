"""Experiments: a part of the audience gets variants of the message, all others the best one.

A run with an experiment goes through the audience twice, by the same cursor. In its phase `test` it
notifies the people of the test share, each with one variant, which follows from a keyed hash of
campaign and person. Then it waits. In its phase `rest` it notifies everyone who got no message yet.
Each phase ends in the write that begins the next one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tidings.campaigns.models import Campaign, CampaignVariant
from tidings.campaigns.states import RunPhase
from tidings.notifications.creating import notified_among
from tidings.notifications.drafting import NotificationContent
from tidings.platform.security.signatures import blind_index

PURPOSE: Final = "campaign-experiment"
# The audience is split into so many parts.
PARTS: Final = 10_000


class Part(NamedTuple):
    """People of a chunk who get the same content; `variant` is the key of theirs in a test."""

    user_ids: list[str]
    content: NotificationContent
    variant: str | None = None


def parts_of(
    campaign: Campaign, user_ids: Sequence[str], content: NotificationContent
) -> list[Part]:
    """Return what the people of a chunk get in the current phase of the run.

    Args:
        content: what the campaign tells each person without an experiment.
    """
    phase, experiment = campaign.run.phase, campaign.experiment
    if phase is None or experiment is None:
        return [Part(list(user_ids), content)]
    if phase == RunPhase.REST.value:
        told = notified_among(user_ids, content)
        winner = experiment.variant(campaign.run.winner)
        others = [each for each in user_ids if each not in told]
        return [Part(others, _as_variant(content, winner))]
    variants = {each.key: each for each in experiment.variants}
    by_key: dict[str, list[str]] = {key: [] for key in variants}
    for user_id in user_ids:
        if (key := variant_for(campaign, user_id)) is not None:
            by_key[key].append(user_id)
    return [
        Part(people, replace(_as_variant(content, variants[key]), variant=key), key)
        for key, people in by_key.items()
        if people
    ]


def variant_for(campaign: Campaign, user_id: str) -> str | None:
    """Return the key of the variant that a person gets in the test; None outside of its share."""
    experiment = campaign.experiment
    number = int(blind_index(PURPOSE, f"{campaign.id}:{user_id}")[:12], 16) % PARTS
    share = PARTS * experiment.share_percent // 100
    if number >= share:
        return None
    key: str = experiment.variants[number * len(experiment.variants) // share].key
    return key


def told_in(parts: Iterable[Part]) -> dict[str, int]:
    """Return the change of a run's counts for these parts."""
    change: dict[str, int] = {"inc__run__audience": 0}
    for each in parts:
        change["inc__run__audience"] += len(each.user_ids)
        if each.variant is not None:
            change[f"inc__run__tested__{each.variant}"] = len(each.user_ids)
    return change


def waiting(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """Return the change of a run whose test is over."""
    change: dict[str, Any] = {
        "set__run__phase": RunPhase.WAITING.value,
        "unset__run__cursor": True,
    }
    if campaign.experiment.wait_hours is None:
        return change
    return change | {"set__run__decide_at": at + timedelta(hours=campaign.experiment.wait_hours)}


def _as_variant(
    content: NotificationContent, variant: CampaignVariant | None
) -> NotificationContent:
    if variant is None:
        return content
    return replace(
        content,
        template_code=variant.template_code or content.template_code,
        variables={**content.variables, **variant.variables},
    )
