"""Measure the duration and memory of a campaign to 20,000 people on the running stack."""

import re
import ssl
import sys
import time
from statistics import median
from uuid import uuid4

import httpx

from tests.crowd import begin_campaign, crowd_of, look_at
from tests.e2e.aws import client, invoke
from tests.e2e.shop import PASSWORD, Shop
from tests.settings import stack_under_test
from tests.waiting import eventually

PEOPLE = 20_000
CONSUMER = "tidings-campaigns"
REPORT = re.compile(
    r"REPORT .*?\bDuration: ([\d.]+) ms.*Memory Size: (\d+) MB.*Max Memory Used: (\d+) MB"
)


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    stack = stack_under_test()
    with httpx.Client(verify=ssl.create_default_context(cafile=stack.ca_file), timeout=60) as http:
        admin = _admin(Shop(stack.api_url, http))
        with crowd_of(PEOPLE) as crowd:
            began = time.time()
            campaign_id = begin_campaign(admin, crowd)
            eventually(lambda: crowd.is_over(campaign_id), seconds=600)
            seconds = time.time() - began
            asked = time.perf_counter()
            numbers = look_at(admin, campaign_id)["numbers"]
            asked = time.perf_counter() - asked
            each_once = crowd.told_each(campaign_id) == dict.fromkeys(crowd.user_ids, 1)
        durations, size, used = _reports(began)
    _row("", "")
    _row("---", "---")
    _row("people", f"{PEOPLE:,}")
    _row("told exactly once", "all of them" if each_once else "NO")
    _row("from the rule to the last inbox", f"{seconds:.0f} s")
    _row("people a second", f"{PEOPLE / seconds:.0f}")
    _row("invocations of the consumer", len(durations))
    _row("duration, median / longest", f"{median(durations):.0f} / {max(durations):.0f} ms")
    _row("memory of the consumer, most / granted", f"{used} / {size} MB")
    _row("the numbers (`getCampaign`)", f"{asked:.1f} s, {numbers['sent']:,} sent")


def _admin(shop: Shop) -> Shop:
    email = f"admin-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    return shop.login(email, PASSWORD)


def _reports(since: float) -> tuple[list[float], int, int]:
    """Return the consumer's durations, its memory limit and its peak memory, from REPORT lines."""
    pages = client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=f"/aws/lambda/{CONSUMER}", startTime=int(since * 1000))
    lines = [REPORT.search(event["message"]) for page in found for event in page["events"]]
    reports = [(float(m[1]), int(m[2]), int(m[3])) for m in lines if m]
    return [r[0] for r in reports], reports[0][1], max(r[2] for r in reports)


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")


if __name__ == "__main__":
    main()
