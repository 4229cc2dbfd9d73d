"""Edit a campaign."""

import pytest

from tests.integration.builders import a_person
from tidings.campaigns.operations import edit_campaign
from tidings.campaigns.schemas import EditCampaign
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id


def test_edit_campaign() -> None:
    result = edit_campaign(
        new_id(), EditCampaign(text="Write a real example."), caller=a_person(Role.OPERATOR)
    )
    pytest.fail(f"write what edit_campaign returns and changes, not only {result}")
