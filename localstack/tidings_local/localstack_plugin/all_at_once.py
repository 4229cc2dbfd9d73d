"""Deploy functions without the aliases of gradual deployments.

On AWS an alias moves callers to the new version of a function step by step. On a laptop changed
code must reach all callers at once, and an alias would run a second version beside it.
"""

from typing import Any, Final

from localstack.aws import handlers

OF_GRADUAL_DEPLOYMENTS: Final = (
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "DeploymentPreference",
)


class WithoutAliases:
    """SAM's transform of a template whose functions have no alias."""

    def __init__(self, transform: Any) -> None:
        self._transform = transform

    def __call__(self, template: dict[str, Any], *rest: Any) -> Any:
        for resource in template["Resources"].values():
            for name in OF_GRADUAL_DEPLOYMENTS:
                resource.get("Properties", {}).pop(name, None)
        return self._transform(template, *rest)


def deploy_all_at_once() -> None:
    """Patch LocalStack before its first call of CloudFormation, which is loaded only then."""
    handlers.serve_custom_service_request_handlers.append(_patch)


def _patch(_chain: object, context: Any, _response: object) -> None:
    if context.service is None or context.service.service_name != "cloudformation":
        return
    from localstack.services.cloudformation.engine.v2 import change_set_model_transform as sam

    if not isinstance(sam.transform_sam, WithoutAliases):
        sam.transform_sam = WithoutAliases(sam.transform_sam)
