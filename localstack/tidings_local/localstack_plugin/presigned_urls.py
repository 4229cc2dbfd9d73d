"""Makes GetFunction cheap: stock LocalStack builds an S3 client for each answer.

CloudFormation asks it over and over until a function is active; building clients was nearly
half of what a deployment of our stack cost.
"""

from functools import lru_cache
from typing import Any

import boto3
from localstack.services.lambda_.invocation import lambda_models


class ClientsKept:
    """Stands for the boto3 module where LocalStack presigns: the same client for the same words."""

    @staticmethod
    @lru_cache(maxsize=8)
    def client(service: str, **options: Any) -> Any:
        sdk: Any = boto3  # its client() is overloaded for each service by name: no use here
        return sdk.client(service, **options)


def keep_presigning_clients() -> None:
    lambda_models.boto3 = ClientsKept
