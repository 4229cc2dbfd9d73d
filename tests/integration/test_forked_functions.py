"""Functions that are forked from a process with their layers preloaded."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.host_thread import HostThread
from tests.integration.test_lambda_host import answer, call, error
from tests.unit.lambda_host.builders import Gate, a_function, is_running, runtime_python, wait_until
from tidings_local.lambda_host import Function, HostStoppedError, templates
from tidings_local.lambda_host.host import HostSettings

LAYER = "import os\nLOADED_BY = os.getpid()\nCOUNT = 0\n"
ASK_LAYER = (
    "import os, ours\n"
    "def handler(event, context):\n"
    "    ours.COUNT += 1\n"
    "    return [os.getpid() == ours.LOADED_BY, ours.COUNT, os.environ.get('MINE')]\n"
)
PARENT = "import os\ndef handler(event, context):\n    return [os.getpid(), os.getppid()]\n"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[HostThread]:
    made = HostThread(HostSettings(interpreter=runtime_python(), directory=tmp_path / "host"))
    yield made
    made.close()


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A folder as `/opt`, with a module that is preloaded."""
    python = tmp_path / "opt" / "python"
    python.mkdir(parents=True)
    (python / "ours.py").write_text(LAYER)
    (python / "preload.list").write_text("# what to load\nours\n")
    return tmp_path / "opt"


def of_layer(folder: Path, layer: Path, source: str = ASK_LAYER, **more: Any) -> Function:
    return a_function(folder, source, opt_dir=layer, **more)


def template_of(pid: int) -> psutil.Process:
    parent = psutil.Process(pid).parent()
    assert parent is not None
    return parent


def test_layer_is_loaded_once_for_all_functions(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    first, second = (of_layer(tmp_path, layer, name=name) for name in ("one", "two"))
    assert answer(host, first)[0] is False  # the template loaded it
    assert answer(host, second)[0] is False


INIT_LIMIT = "tidings_local.lambda_host.call.INIT_LIMIT_SECONDS"
ENDPOINTS = """
import botocore.session
from botocore.loaders import JSONFileLoader, Loader
def handler(event, context):
    file = Loader.BUILTIN_DATA_PATH + "/endpoints"
    first, second = (JSONFileLoader().load_file(file) for _ in range(2))
    client = botocore.session.Session().create_client("s3", region_name="eu-west-1")
    return [first is second, client.meta.endpoint_url]
"""


def test_the_list_of_endpoints_is_read_once_for_all_processes(
    host: HostThread, tmp_path: Path
) -> None:
    function = a_function(tmp_path, ENDPOINTS)
    assert answer(host, function) == [True, "https://s3.eu-west-1.amazonaws.com"]


def test_change_by_one_function_is_invisible_to_others(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    first, second = (of_layer(tmp_path, layer, name=name) for name in ("one", "two"))
    assert [answer(host, first)[1] for _ in range(3)] == [1, 2, 3]
    assert answer(host, second)[1] == 1


def test_each_function_has_its_own_variables_during_the_import(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    source = "import os\nSEEN = os.environ['MINE']\ndef handler(event, context):\n    return SEEN\n"
    for value in ("a", "b"):
        function = of_layer(tmp_path, layer, source, name=value, variables={"MINE": value})
        assert answer(host, function) == value


def test_environment_has_nothing_of_the_host_or_the_template(
    host: HostThread, tmp_path: Path, layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    function = of_layer(tmp_path, layer, source, variables={"MINE": "1"})
    seen = answer(host, function)
    assert seen["MINE"] == "1"
    assert seen["LAMBDA_TASK_ROOT"] == str(function.code_dir)
    assert "OF_THE_HOST" not in seen


def test_a_module_of_another_layer_is_missing(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    answer(host, of_layer(tmp_path, layer))
    kind, message = error(host, a_function(tmp_path, "import ours\n", name="without"))
    assert kind == "Runtime.ImportModuleError"
    assert "No module named 'ours'" in message


def test_layer_that_does_not_import_fails_the_function_that_imports_it(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    (layer / "python" / "ours.py").write_text("raise RuntimeError('broken layer')\n")
    assert "broken layer" in error(host, of_layer(tmp_path, layer))[1]
    fine = of_layer(tmp_path, layer, "def handler(event, context):\n    return 1\n", name="fine")
    assert answer(host, fine) == 1


def test_another_version_of_a_layer_is_loaded_again(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    source = "import ours\ndef handler(event, context):\n    return getattr(ours, 'NEW', None)\n"
    assert answer(host, of_layer(tmp_path, layer, source)) is None
    newer = tmp_path / "newer" / "python"
    newer.mkdir(parents=True)
    (newer / "ours.py").write_text("NEW = 'new'\n")
    (newer / "preload.list").write_text("ours\n")
    assert answer(host, of_layer(tmp_path, newer.parent, source)) == "new"


def test_variables_that_only_a_new_program_reads_start_one(
    host: HostThread, tmp_path: Path
) -> None:
    function = a_function(tmp_path, PARENT, variables={"PYTHONHASHSEED": "0"})
    assert answer(host, function)[1] == os.getpid()
    assert answer(host, a_function(tmp_path, PARENT, name="forked"))[1] != os.getpid()


def test_process_name_has_the_end_of_its_functions_name(host: HostThread, tmp_path: Path) -> None:
    function = a_function(tmp_path, PARENT, name="tidings-deliver-urgent-email")
    assert psutil.Process(answer(host, function)[0]).name() == "er-urgent-email"


def test_process_may_open_as_many_files_as_on_lambda(host: HostThread, tmp_path: Path) -> None:
    source = (
        "import resource\ndef handler(event, context):\n"
        "    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]\n"
    )
    assert answer(host, a_function(tmp_path, source)) == 1024


def test_random_numbers_differ_between_processes(host: HostThread, tmp_path: Path) -> None:
    source = "import random\ndef handler(event, context):\n    return random.random()\n"
    numbers = {answer(host, a_function(tmp_path, source, name=f"f{n}")) for n in range(3)}
    assert len(numbers) == 3


def test_killed_template_fails_no_call(host: HostThread, tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    source = "def handler(event, context):\n    wait_at_gate()\n    return 'done'\n"
    held = a_function(tmp_path, gate.source + source)
    _, parent = answer(host, a_function(tmp_path, PARENT, name="pid"))
    with ThreadPoolExecutor() as threads:
        running = threads.submit(answer, host, held)
        gate.wait_for(1)
        assert len(psutil.Process(parent).children()) == 2
        os.kill(parent, signal.SIGKILL)
        wait_until(lambda: not is_running(parent), "the end of the template")
        gate.open()
        assert running.result() == "done"
    assert answer(host, a_function(tmp_path, PARENT, name="after"))[1] not in (parent, os.getpid())


def test_process_of_a_killed_template_ends_with_its_function(
    host: HostThread, tmp_path: Path
) -> None:
    function = a_function(tmp_path, PARENT)
    pid, parent = answer(host, function)
    os.kill(parent, signal.SIGKILL)
    wait_until(lambda: not is_running(parent), "the end of the template")
    host.retire(function.key)
    wait_until(lambda: not is_running(pid), "the end of the process")


DIES_ONCE = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import template_process
send, mark = template_process.Template._send, Path({mark!r})
def send_or_die(self, message, *fds):
    if "pid" in message and not mark.exists():
        mark.write_text(str(message["pid"]))
        os.kill(os.getpid(), signal.SIGKILL)
    send(self, message, *fds)
template_process.Template._send = send_or_die
template_process.main()
"""


def test_process_that_a_killed_template_did_not_report_ends(
    host: HostThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host cannot limit or end a process that it does not know."""
    mark, program = tmp_path / "forked", tmp_path / "dies_once.py"
    folder = str(templates._PROGRAM.parent)
    program.write_text(DIES_ONCE.format(folder=folder, mark=str(mark)))
    monkeypatch.setattr(templates, "_PROGRAM", program)
    pid, _ = answer(host, a_function(tmp_path, PARENT))
    unreported = int(mark.read_text())
    assert pid != unreported
    wait_until(lambda: not is_running(unreported), "the end of the unreported process")


def test_templates_end_with_their_host(host: HostThread, tmp_path: Path, layer: Path) -> None:
    pids = [
        pid
        for name, layers in (("one", None), ("two", layer))
        for pid in answer(host, a_function(tmp_path, PARENT, name=name, opt_dir=layers))
    ]
    assert len(set(pids)) == 4
    host.stop()
    assert not any(map(is_running, pids))


def test_stop_does_not_wait_for_a_template_that_is_loading(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    loads = tmp_path / "loads"
    source = f"import os, time\nwith open({str(loads)!r}, 'w') as f: f.write(str(os.getpid()))\n"
    (layer / "python" / "ours.py").write_text(source + "time.sleep(3600)\n")
    with ThreadPoolExecutor(1) as one:
        running = one.submit(answer, host, of_layer(tmp_path, layer))
        wait_until(lambda: loads.exists() and loads.read_text() != "", "the template loads")
        host.stop()
        assert isinstance(running.exception(60), HostStoppedError)
    assert not is_running(int(loads.read_text()))


def test_loading_time_of_a_template_does_not_count_as_init(
    host: HostThread, tmp_path: Path, layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(INIT_LIMIT, 0.1)
    gate = Gate(tmp_path)
    (layer / "python" / "ours.py").write_text(f"{gate.source}\nwait_at_gate()\n")
    with ThreadPoolExecutor(1) as one:
        running = one.submit(call, host, of_layer(tmp_path, layer, PARENT))
        gate.wait_for(1)
        time.sleep(0.2)  # the limit is over
        monkeypatch.setattr(INIT_LIMIT, 60.0)  # the init itself may take so long
        gate.open()
        outcome = running.result()
    assert not outcome.is_error
    assert "INIT_REPORT" not in outcome.logs


def test_templates_of_unused_layers_end(host: HostThread, tmp_path: Path) -> None:
    parents = []
    for number in range(6):
        python = tmp_path / f"opt{number}" / "python"
        python.mkdir(parents=True)
        function = a_function(tmp_path, PARENT, name=f"f{number}", opt_dir=python.parent)
        parents.append(answer(host, function)[1])
        host.retire(function.key)
    wait_until(lambda: sum(map(is_running, parents)) <= 4, "the end of old templates")
    assert is_running(parents[-1])


def test_many_concurrent_first_calls_share_one_template(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    functions = [of_layer(tmp_path, layer, PARENT, name=f"f{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda function: answer(host, function), functions))
    assert len({pid for pid, _ in answers}) == 8
    assert len({parent for _, parent in answers}) == 1


def test_outcome_of_a_process_that_exits_has_its_exit_code(
    host: HostThread, tmp_path: Path
) -> None:
    source = "import os\ndef handler(event, context):\n    os._exit(3)\n"
    assert "exit status 3" in error(host, a_function(tmp_path, source))[1]


def test_a_host_knows_whether_layers_are_loaded(
    host: HostThread, tmp_path: Path, layer: Path
) -> None:
    function = of_layer(tmp_path, layer)
    assert not host.call(host.host.is_prepared, function)
    host.call(host.host.prepare, function)
    wait_until(lambda: host.call(host.host.is_prepared, function), "loaded layers")
