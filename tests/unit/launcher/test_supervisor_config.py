"""Tests of supervisord's configuration, and of the assignment of processes to stacks."""

from configparser import RawConfigParser
from pathlib import Path

from tidings_local.launcher.running.orphans import service_of
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services.service import Service
from tidings_local.launcher.running.stack import SOCKET_PATH_LIMIT, Stack, short_socket
from tidings_local.launcher.running.supervisor_config import SERVICE_MARK, STACK_MARK, render

STACK = Stack("local", Path("/a folder/.tidings/stacks/local"), Ports(4566))


def service(**changes: object) -> Service:
    options: dict[str, object] = {
        "name": "bridge",
        "command": ["/a folder/python", "-m", "bridge"],
        "probe": str,
        "ports": (4571,),
    }
    return Service(**(options | changes))  # type: ignore[arg-type]


def rendered(*services: Service) -> RawConfigParser:
    parser = RawConfigParser()
    parser.read_string(render(STACK, list(services)))
    return parser


def test_a_command_with_spaces_stays_one_argument() -> None:
    command = rendered(service())["program:bridge"]["command"]
    assert command == "'/a folder/python' -m bridge"


def test_percent_signs_are_escaped() -> None:
    program = rendered(service(environment={"URL": "amqp://host/%2F"}))["program:bridge"]
    assert 'URL="amqp://host/%%2F"' in program["environment"]


def test_quotation_marks_cannot_end_a_value() -> None:
    program = rendered(service(environment={"URL": 'a"b'}))["program:bridge"]
    assert 'URL="a%%22b"' in program["environment"]


def test_each_program_has_the_marks_of_its_stack_and_service() -> None:
    environment = rendered(service())["program:bridge"]["environment"]
    assert f'{STACK_MARK}="{STACK.folder}"' in environment
    assert f'{SERVICE_MARK}="bridge"' in environment


def test_only_localstack_is_not_restarted() -> None:
    parser = rendered(service(), service(name="localstack", restarts=False))
    assert parser["program:bridge"]["autorestart"] == "true"
    assert parser["program:localstack"]["autorestart"] == "false"


def test_whole_process_groups_are_stopped() -> None:
    program = rendered(service())["program:bridge"]
    assert program["stopasgroup"] == program["killasgroup"] == "true"


def test_the_same_services_give_the_same_text() -> None:
    one, other = service(), service(name="redis")
    assert render(STACK, [one, other]) == render(STACK, [other, one])


def test_a_long_path_gets_a_short_socket() -> None:
    deep = Path("/" + "x" * SOCKET_PATH_LIMIT) / "supervisor.sock"
    assert len(str(short_socket(deep, "0a1b2c3d"))) < SOCKET_PATH_LIMIT
    assert short_socket(Path("/short.sock"), "0a1b2c3d") == Path("/short.sock")


def test_process_is_recognised_by_its_marks() -> None:
    marks = {STACK_MARK: str(STACK.folder), SERVICE_MARK: "redis"}
    assert service_of(marks, STACK.folder) == "redis"
    assert service_of({STACK_MARK: str(STACK.folder)}, STACK.folder) == ""


def test_functions_process_is_recognised_by_its_code() -> None:
    environment = {"LAMBDA_TASK_ROOT": f"{STACK.folder}/run/lambda/packages/x"}
    assert service_of(environment, STACK.folder) == "runner"


def test_processes_of_others_are_ignored() -> None:
    assert service_of({}, STACK.folder) is None
    assert service_of({STACK_MARK: f"{STACK.folder}-2"}, STACK.folder) is None
    assert service_of({"LAMBDA_TASK_ROOT": f"{STACK.folder}-2/x"}, STACK.folder) is None
