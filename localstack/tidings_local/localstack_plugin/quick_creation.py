"""Make the creation of a stack faster without changing its result.

- LocalStack creates three AWS clients for each event source mapping, which takes a second for all
of ours. The mappings of Amazon MQ never use them, because the bridge does their work.
- CloudFormation converts the name of a class for each part of the template that it visits, tens of
  thousands of times.
- Lambda asks STS for each function whether it may assume its role. That can only fail if IAM is
enforced, which LocalStack 4.12 does not do.
- Each of LocalStack's calls to itself, 1,500 for our stack, builds a description of the machine.
"""

from collections.abc import Callable
from functools import cached_property, lru_cache, partial
from typing import Any

from botocore import useragent
from localstack.services.cloudformation.engine.v2 import change_set_model_visitor as visitor
from localstack.services.lambda_ import provider
from localstack.services.lambda_.event_source_mapping import esm_worker_factory
from localstack.services.lambda_.invocation.lambda_service import LambdaService

NAMES = 1024
USER_AGENT = "localstack"

_agents: Any = useragent  # its types allow no other method
_STOCK_CLIENT = esm_worker_factory.get_internal_client
_STOCK_NAME = visitor.camel_to_snake_case


class LateClient:
    """A client that is created at its first use."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _client(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def create_quickly() -> None:
    """Patch LocalStack. A repeated call changes nothing."""
    provider.get_internal_client = esm_worker_factory.get_internal_client = late_client
    visitor.camel_to_snake_case = lru_cache(NAMES)(_STOCK_NAME)
    LambdaService.can_assume_role = _may_assume
    _agents.UserAgentString.to_string = _user_agent


def _may_assume(_service: LambdaService, _role_arn: str, _region: str) -> bool:
    return True


def _user_agent(_described: object) -> str:
    return USER_AGENT


def late_client(*arguments: Any, **options: Any) -> LateClient:
    return LateClient(partial(_STOCK_CLIENT, *arguments, **options))
