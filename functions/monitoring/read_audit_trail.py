"""Invoked by an operator of the AWS account (`make audit`), never through the API."""

from typing import Any

from tidings.monitoring.audit import exported
from tidings.monitoring.audit_schemas import ExportAuditTrail
from tidings.platform.auditing.recording import Recording
from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed


@command("monitoring", recording=Recording.ENDED)
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return exported(parsed(ExportAuditTrail, event)).model_dump(mode="json")
