"""LocalStack's stored code and layers, as archives that the host can unpack."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from localstack.aws.connect import connect_to
from localstack.config import INTERNAL_RESOURCE_ACCOUNT
from localstack.constants import AWS_REGION_US_EAST_1

from tidings_local.lambda_host import Archive, PackageStore

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import (
        FunctionVersion,
        LayerVersion,
        S3Code,
    )


def code_dir(version: "FunctionVersion", packages: PackageStore) -> Path:
    code = version.config.code
    if code.is_hot_reloading():
        return Path(code.get_unzipped_code_location())
    return packages.unpack([_archive(code)])


def opt_dir(layers: "list[LayerVersion]", packages: PackageStore) -> Path | None:
    """Return one folder with all layers, or None without layers."""
    if not layers:
        return None
    return packages.unpack([_archive(layer.code) for layer in layers])


def _archive(code: "S3Code") -> Archive:
    return Archive(code.code_sha256, partial(_download, code))


def _download(code: "S3Code") -> bytes:
    s3 = connect_to(
        region_name=AWS_REGION_US_EAST_1, aws_access_key_id=INTERNAL_RESOURCE_ACCOUNT
    ).s3
    version = {"VersionId": code.s3_object_version} if code.s3_object_version else {}
    stored = s3.get_object(Bucket=code.s3_bucket, Key=code.s3_key, **version)
    content: bytes = stored["Body"].read()
    return content
