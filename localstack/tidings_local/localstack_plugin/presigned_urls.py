"""Make GetFunction cheap: LocalStack creates an S3 client for each answer.

CloudFormation calls it repeatedly until a function is active; creating clients took almost half of
the time of our stack's deployment.
"""

from functools import lru_cache
from typing import Any

import boto3
from localstack.services.lambda_.invocation import lambda_models


class ClientsKept:
    """Replaces the boto3 module where LocalStack presigns: equal arguments give the same client."""

    @staticmethod
    @lru_cache(maxsize=8)
    def client(service: str, **options: Any) -> Any:
        sdk: Any = boto3  # its stubs overload client() for each service by name
        return sdk.client(service, **options)


def keep_presigning_clients() -> None:
    lambda_models.boto3 = ClientsKept
