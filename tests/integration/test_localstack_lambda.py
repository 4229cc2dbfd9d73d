"""The process executor in a running LocalStack (AWS_ENDPOINT_URL).

The stack must have been started with LAMBDA_RUNTIME_EXECUTOR=process.
"""

import base64
import contextlib
import io
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.waiting import eventually

ROLE = "arn:aws:iam::000000000000:role/tidings-test"
BROKER = "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1"
ANSWER = "import os\ndef handler(event, context):\n    return {'pid': os.getpid(), **event}\n"
HOLDS = (
    "import time\n"
    "from pathlib import Path\n"
    "def handler(event, context):\n"
    "    if event:\n"
    "        Path(event['started']).touch()\n"
    "        while not Path(event['release']).exists(): time.sleep(0.02)\n"
    "    return VERSION\n"
)


def client(service: str) -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    assert endpoint, "set AWS_ENDPOINT_URL to the running stack"
    connect: Any = boto3.client
    return connect(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(max_pool_connections=60, retries={"total_max_attempts": 1}),
    )


def zipped(source: str, path: str = "app.py") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(path, source)
    return content.getvalue()


class Functions:
    """Creates functions with unique names, and deletes all of them."""

    def __init__(self) -> None:
        self.api = client("lambda")
        self.names: list[str] = []

    def create(self, source: str, **settings: Any) -> str:
        name = f"process-test-{uuid.uuid4().hex[:8]}"
        self.names.append(name)
        given = {"Runtime": "python3.11", "Handler": "app.handler", "Timeout": 60, **settings}
        self.api.create_function(
            FunctionName=name, Role=ROLE, Code={"ZipFile": zipped(source)}, **given
        )
        self.api.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        return name

    def invoke(self, name: str, **event: Any) -> tuple[Any, str]:
        answer = self.api.invoke(
            FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail"
        )
        log = base64.b64decode(answer["LogResult"]).decode()
        return json.load(answer["Payload"]), log

    def update(self, name: str, source: str) -> None:
        self.api.update_function_code(FunctionName=name, ZipFile=zipped(source))
        self.api.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def delete_all(self) -> None:
        for name in self.names:
            self.api.delete_function(FunctionName=name)


@pytest.fixture
def functions() -> Iterator[Functions]:
    functions = Functions()
    yield functions
    functions.delete_all()


class Held:
    """Calls of a function of `HOLDS`: each runs until all are released."""

    def __init__(self, functions: Functions, folder: Path) -> None:
        self._functions, self._folder = functions, folder
        self._threads = ThreadPoolExecutor()
        self._calls: list[Future[tuple[Any, str]]] = []

    def call(self, name: str) -> None:
        """Start a call and wait until the function runs."""
        started = self._folder / str(len(self._calls))
        event = {"started": str(started), "release": str(self._release)}
        self._calls.append(self._threads.submit(self._functions.invoke, name, **event))
        eventually(started.exists, what="the function is at work")

    def let_go(self) -> list[Any]:
        """Let the calls end; return their answers."""
        self._release.touch()
        return [call.result()[0] for call in self._calls]

    def close(self) -> None:
        self._release.touch()
        self._threads.shutdown()

    @property
    def _release(self) -> Path:
        return self._folder / "release"


@pytest.fixture
def held(functions: Functions, tmp_path: Path) -> Iterator[Held]:
    held = Held(functions, tmp_path)
    yield held
    held.close()


def test_second_call_reuses_the_process(functions: Functions) -> None:
    name = functions.create(ANSWER)
    first, cold_log = functions.invoke(name, word="hello")
    second, warm_log = functions.invoke(name)
    assert first["word"] == "hello"
    assert first["pid"] == second["pid"]
    assert "Init Duration" in cold_log
    assert "Init Duration" not in warm_log


# The timeout leaves enough time for the next call, which must finish well within it.
@pytest.mark.parametrize(
    ("timeout", "body", "error_type", "message"),
    [
        (5, "import time; time.sleep(60)", "Sandbox.Timedout", "Task timed out after 5.00 seconds"),
        (60, "import os; os._exit(1)", "Runtime.ExitError", "exit status 1"),
        (60, "import time; b = bytearray(1 << 28); time.sleep(59)", "Runtime.ExitError", "killed"),
        (60, "raise ValueError('no')", "ValueError", "no"),
    ],
)
def test_failed_call_returns_the_error_of_aws_and_the_next_works(
    functions: Functions, timeout: int, body: str, error_type: str, message: str
) -> None:
    source = f"def handler(event, context):\n    if event:\n        {body}\n    return 'well'\n"
    name = functions.create(source, Timeout=timeout)
    error, log = functions.invoke(name, fail=True)
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]
    assert "REPORT RequestId" in log
    assert functions.invoke(name)[0] == "well"


def test_missing_dependency_fails_as_on_aws(functions: Functions) -> None:
    error, _ = functions.invoke(functions.create("import rich\n" + ANSWER))
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"] == "Unable to import module 'app': No module named 'rich'"


def test_layers_are_on_the_path_and_later_ones_win(functions: Functions) -> None:
    layers = [
        functions.api.publish_layer_version(
            LayerName=f"process-test-{uuid.uuid4().hex[:8]}",
            Content={"ZipFile": zipped(f"WORD = {word!r}", "python/shared.py")},
        )["LayerVersionArn"]
        for word in ("first", "second")
    ]
    source = "import shared\ndef handler(event, context):\n    return shared.WORD\n"
    assert functions.invoke(functions.create(source, Layers=layers))[0] == "second"


def test_function_calls_the_stack_with_its_own_credentials(functions: Functions) -> None:
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    arn, _ = functions.invoke(functions.create(source, MemorySize=256))
    assert ":assumed-role/tidings-test/" in arn


def test_reserved_concurrency_throttles(functions: Functions, held: Held) -> None:
    name = functions.create(HOLDS.replace("VERSION", "1"))
    functions.api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    held.call(name)
    with pytest.raises(ClientError) as refused:
        functions.invoke(name)
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert held.let_go() == [1]


def test_fifty_calls_at_once_share_a_few_processes(functions: Functions) -> None:
    name = functions.create(ANSWER)
    with ThreadPoolExecutor(50) as crowd:
        answers = [each[0] for each in crowd.map(lambda _: functions.invoke(name), range(50))]
    assert len({answer["pid"] for answer in answers}) <= 4


def test_update_while_calls_run_loses_none(functions: Functions, held: Held) -> None:
    name = functions.create(HOLDS.replace("VERSION", "'old'"))
    for _ in range(3):
        held.call(name)
    functions.update(name, HOLDS.replace("VERSION", "'new'"))
    assert held.let_go() == ["old"] * 3
    assert functions.invoke(name)[0] == "new"


def test_deleted_function_leaves_no_process(functions: Functions) -> None:
    name = functions.create(ANSWER)
    pid = functions.invoke(name)[0]["pid"]
    functions.names.remove(name)
    functions.api.delete_function(FunctionName=name)
    eventually(lambda: not _runs(pid))


def test_failed_event_is_sent_to_its_destination_and_dead_letter_queue(
    functions: Functions,
) -> None:
    sqs = client("sqs")
    names = [f"events-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    told, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in names)
    told_arn, dead_arn = (f"arn:aws:sqs:us-east-1:000000000000:{name}" for name in names)
    source = "def handler(event, context):\n    raise ValueError(event['word'])\n"
    name = functions.create(source, DeadLetterConfig={"TargetArn": dead_arn})
    functions.api.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": told_arn}},
    )
    answer = functions.api.invoke(
        FunctionName=name, InvocationType="Event", Payload=b'{"word": "no"}'
    )
    assert answer["StatusCode"] == 202

    def message_in(queue: str) -> Any:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
        return found and json.loads(found[0]["Body"])

    record = eventually(lambda: message_in(told))
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert record["requestPayload"] == {"word": "no"}
    assert record["responsePayload"]["errorMessage"] == "no"
    assert eventually(lambda: message_in(dead)) == {"word": "no"}
    for queue in (told, dead):
        sqs.delete_queue(QueueUrl=queue)


def test_log_of_each_call_is_in_cloudwatch(functions: Functions) -> None:
    name = functions.create("def handler(event, context):\n    print('said', event['word'])\n")
    functions.invoke(name, word="hello")
    logs = client("logs")

    def messages() -> list[str]:
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]

    eventually(lambda: any(line.startswith("REPORT") for line in messages()))
    first_words = [line.split()[0] for line in messages()]
    assert first_words == ["START", "said", "END", "REPORT"]


def test_other_runtime_is_refused_with_a_reason(functions: Functions) -> None:
    name = f"process-test-{uuid.uuid4().hex[:8]}"
    functions.api.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="nodejs20.x",
        Handler="app.handler",
        Code={"ZipFile": zipped("")},
    )

    def failed() -> str:
        state = functions.api.get_function_configuration(FunctionName=name)
        return str(state.get("StateReason", "")) if state["State"] == "Failed" else ""

    assert "runs zip packages on python3.11 only" in eventually(failed)
    with contextlib.suppress(ClientError):  # LocalStack removes it, and then fails
        functions.api.delete_function(FunctionName=name)


def test_amazon_mq_mapping_can_be_created_changed_disabled_and_deleted(
    functions: Functions,
) -> None:
    api = functions.api
    uuid_ = api.create_event_source_mapping(
        FunctionName=functions.create(ANSWER),
        EventSourceArn=BROKER,
        Queues=["notifications"],
        BatchSize=10,
        SourceAccessConfigurations=[{"Type": "VIRTUAL_HOST", "URI": "/"}],
    )["UUID"]

    def mapping() -> Any:
        return api.get_event_source_mapping(UUID=uuid_)

    eventually(lambda: mapping()["State"] == "Enabled")
    assert uuid_ in [
        each["UUID"] for each in api.list_event_source_mappings()["EventSourceMappings"]
    ]
    api.update_event_source_mapping(UUID=uuid_, BatchSize=20, Enabled=False)
    eventually(lambda: mapping()["State"] == "Disabled")
    assert mapping()["BatchSize"] == 20
    assert mapping()["Queues"] == ["notifications"]
    api.delete_event_source_mapping(UUID=uuid_)

    def gone() -> bool:
        try:
            mapping()
        except api.exceptions.ResourceNotFoundException:
            return True
        return False

    eventually(gone)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
