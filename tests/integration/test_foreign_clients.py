"""AWS's own SDK calls LocalStack (AWS_ENDPOINT_URL) through the front door."""

import base64
import hashlib
import io
import os
import ssl
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.integration.test_localstack_lambda import Functions
from tests.unit.front_door.server.certificate import make_certificate
from tests.unit.front_door.server.looping import loop_in_a_thread
from tests.waiting import eventually
from tidings_local.front_door.server import FrontDoor

SIZE = 60_000_000
TALKS = "def handler(event, context):\n    print('said', event['word'])\n    return event\n"


class Door:
    def __init__(self, url: str, certificate: Path) -> None:
        self.url = url
        self.certificate = certificate

    def client(self, service: str) -> Any:
        connect: Any = boto3.client
        return connect(
            service,
            endpoint_url=self.url,
            verify=str(self.certificate),
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )


@pytest.fixture(params=["http", "https"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    certificate = make_certificate(tmp_path / "localhost.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    localstack = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    assert localstack.hostname is not None
    assert localstack.port is not None
    upstream = (localstack.hostname, localstack.port)

    async def make() -> FrontDoor:
        return FrontDoor(lambda _: None, upstream)

    with loop_in_a_thread() as run:
        front_door = run(make())
        port = run(front_door.listen("127.0.0.1", 0, tls))
        yield Door(f"{request.param}://localhost:{port}", certificate)
        run(front_door.stop(grace_seconds=1))


@pytest.fixture
def bucket(door: Door) -> Iterator[str]:
    s3 = door.client("s3")
    name = f"front-door-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    yield name
    for each in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=each["Key"])
    s3.delete_bucket(Bucket=name)


def content() -> bytes:
    return hashlib.shake_128(b"front door").digest(SIZE)


def test_large_object_is_uploaded_and_downloaded(door: Door, bucket: str) -> None:
    s3 = door.client("s3")
    s3.put_object(Bucket=bucket, Key="whole", Body=content())
    assert s3.get_object(Bucket=bucket, Key="whole")["Body"].read() == content()
    s3.upload_fileobj(io.BytesIO(content()), bucket, "parts")  # several connections at once
    down = io.BytesIO()
    s3.download_fileobj(bucket, "parts", down)
    assert down.getvalue() == content()
    part = s3.get_object(Bucket=bucket, Key="parts", Range="bytes=5-9")
    assert part["Body"].read() == content()[5:10]


def test_signed_url_works_for_any_client(door: Door, bucket: str) -> None:
    s3 = door.client("s3")
    place = {"Bucket": bucket, "Key": "a b/ä"}
    trust = ssl.create_default_context(cafile=door.certificate)
    with httpx.Client(verify=trust, timeout=60) as http:
        put = http.put(s3.generate_presigned_url("put_object", place), content=b"by URL")
        assert put.status_code == 200
        assert http.get(s3.generate_presigned_url("get_object", place)).content == b"by URL"


def test_error_of_aws_is_returned_unchanged(door: Door, bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        door.client("s3").get_object(Bucket=bucket, Key="none")


def test_urls_of_queues_have_the_scheme_of_the_client(door: Door) -> None:
    sqs = door.client("sqs")
    name = f"front-door-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    assert urlsplit(url).scheme == urlsplit(door.url).scheme


def test_function_is_called_and_its_log_is_read(door: Door) -> None:
    functions = Functions()
    functions.api = door.client("lambda")
    started = int(time.time() * 1000)
    try:
        name = functions.create(TALKS)
        answer = functions.api.invoke(
            FunctionName=name, LogType="Tail", Payload=b'{"word": "hello"}'
        )
        assert answer["Payload"].read() == b'{"word": "hello"}'
        assert "said hello" in base64.b64decode(answer["LogResult"]).decode()
        logs = door.client("logs")
        eventually(lambda: _said(logs, name, started))
    finally:
        functions.delete_all()


def _said(logs: Any, function: str, since: int) -> bool:
    try:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", startTime=since)
    except logs.exceptions.ResourceNotFoundException:
        return False
    return any("said hello" in event["message"] for event in found["events"])
