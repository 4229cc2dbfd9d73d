"""The arguments of a make target reach the launcher unchanged, and nothing else does.

Each test runs the real make with the real Makefile. Instead of Python, make calls a program that
reads the options as the launcher does, and prints them.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tidings_local.launcher.settings import Options

ROOT = Path(__file__).resolve().parents[3]
ARGUMENTS = [*(name.upper() for name in Options.model_fields), "ENGINE"]
TEXTS = [name for name, each in Options.model_fields.items() if "str" in str(each.annotation)]
NOTHING_SAID = Options().model_dump(mode="json")

LAUNCHER = """#!{python}
import json, os, sys
sys.path[:0] = [{localstack!r}]
from tidings_local.launcher.settings import load_options, load_settings
from tidings_local.launcher.errors import LauncherError
try:
    options = load_options().model_dump(mode="json")
    engine = load_settings().engine
except LauncherError as error:
    sys.exit(error.message)
print(json.dumps({{"options": options, "engine": engine}}))
"""
ENVIRONMENT = """#!{python} -IS
import json, os, sys
print(json.dumps({{"environment": dict(os.environ), "arguments": sys.argv[1:]}}))
"""
"""The same for make alone, in a hundredth of the time."""


@dataclass(frozen=True)
class Call:
    """The options, arguments and environment of a program that make started."""

    options: dict[str, Any] = field(default_factory=dict)
    engine: str = ""
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


Make = Callable[..., Call]


def program(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text.format(python=sys.executable, localstack=str(ROOT / "localstack")))
    place.chmod(0o755)
    return place


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        ["make", *words],
        cwd=ROOT,
        env=kept | {"LC_ALL": "C.UTF-8"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def caller(python: Path) -> Make:
    def call(*words: str, **environment: str) -> Call:
        done = run(f"PYTHON={python}", *words, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return Call(**json.loads(done.stdout))

    return call


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run make; return the environment and arguments of the process that it starts."""
    return caller(program(tmp_path / "python", ENVIRONMENT))


@pytest.fixture
def launch(tmp_path: Path) -> Make:
    """Run make; return the options that the launcher reads."""
    return caller(program(tmp_path / "launcher", LAUNCHER))


HOSTILE = [
    "Winter$Sale2026 tidy",
    "$$ and $",
    "preis $neu.csv",
    "$(shell touch {canary})",
    "${{shell touch {canary}}}",
    "$(error stop)",
    "`touch {canary}`",
    "; touch {canary}",
    "&& touch {canary} || x",
    "| tee {canary}",
    "it's \"quoted\" 'twice'",
    "back\\slash \\$ \\\\ \\n and a last one\\",
    "# no comment",
    "a # b",
    "blanks  inside  and  behind  ",
    "tab\tinside\t",
    "100 % of %PATH% %(x)s %%",
    "-x --password=y",
    "Grüße, 日本, 🦊, é",
    "~ ~root ~/x",
    "* ? [a-z] {{a,b}}",
    "a=b:=c!=d+=e",
    ":= x",
    "two\nlines",
    "trailing newline\n",
    "$PASSWORD $(PASSWORD) $(EMAIL) ${{FILE}}",
    "@echo -n + -",
    "!history ^1",
    "NAME=x",
    "a,b) (c",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_passed_unchanged(text: str, make: Make, tmp_path: Path) -> None:
    canary = tmp_path / "executed"
    typed = text.format(canary=canary)
    environment = make("create-admin", *(f"{name}={typed}" for name in ARGUMENTS)).environment
    got = {name: environment[f"TIDINGS_ARG_{name}"] for name in ARGUMENTS}
    assert got == dict.fromkeys(ARGUMENTS, typed)
    assert not canary.exists()


def test_launcher_reads_the_typed_values(launch: Make) -> None:
    typed = dict(zip(TEXTS, HOSTILE, strict=False))
    options = launch("create-admin", *(f"{name.upper()}={typed[name]}" for name in TEXTS)).options
    assert {name: options[name] for name in TEXTS} == typed


@pytest.mark.parametrize("blanks", [" ", "   ", "\t", " \t ", "\n"])
def test_blanks_around_a_value_are_kept(blanks: str, launch: Make) -> None:
    """make itself drops the blanks before a value when it reads its command line."""
    typed = f"{blanks}$Winter  2026{blanks}"
    options = launch("create-admin", f"PASSWORD={typed}", f"FILE={typed}").options
    assert (options["password"], options["file"]) == (typed, typed)


def targets() -> list[str]:
    lines = (ROOT / "Makefile").read_text().splitlines()
    return [line.partition(":")[0] for line in lines if re.match(r"[a-z-]+: ## ", line)]


@pytest.mark.parametrize("target", [each for each in targets() if each != "help"])
def test_every_target_passes_its_arguments(target: str, make: Make) -> None:
    call = make(target, *(f"{name}=a$b $(shell id)" for name in ARGUMENTS))
    assert call.arguments == ["localstack/bootstrap.py", target]
    got = {call.environment[f"TIDINGS_ARG_{name}"] for name in ARGUMENTS}
    assert got == {"a$b $(shell id)"}


def test_other_kinds_of_options_are_passed(launch: Make) -> None:
    said = ("FOLLOW=1", "FORCE=1", "PROMOTE=1", "MINUTES=2.5", "FUZZ_SECONDS=300", "EMAIL=")
    options = launch("logs", *said, "TIME=2026-11-27T12:00:00Z").options
    expected = {"follow": True, "force": True, "promote": True, "minutes": 2.5}
    assert options == NOTHING_SAID | expected | {
        "fuzz_seconds": 300,
        "time": "2026-11-27T12:00:00Z",
    }


def test_no_password_is_on_a_command_line_or_in_a_common_variable(make: Make) -> None:
    call = make("create-admin", "PASSWORD=s3cret$word")
    assert not any("s3cret" in word for word in call.arguments)
    holders = {name for name, value in call.environment.items() if "s3cret" in value}
    assert holders == {"TIDINGS_ARG_PASSWORD"}


EVERYDAY = dict.fromkeys(ARGUMENTS, "x") | {
    "TIME": "%E real",
    "NAME": "DESKTOP-1AB2C3",
    "ENGINE": "podman",
    "PYTHON": "/usr/bin/python2",
    "REDIS_URL": "redis://somewhere.example/0",
    "MINUTES": "soon",
}


def test_common_variables_are_ignored(launch: Make) -> None:
    call = launch("create-service", **EVERYDAY)
    assert call.options == NOTHING_SAID
    assert call.engine == "process"


def test_common_variables_are_ignored_where_make_prefers_the_environment(launch: Make) -> None:
    assert launch("-e", "services", **EVERYDAY).options == NOTHING_SAID


def test_command_line_wins_over_common_variables(launch: Make) -> None:
    call = launch("create-service", "NAME=Packing station", **EVERYDAY)
    assert call.options == NOTHING_SAID | {"name": "Packing station"}


def test_programs_get_their_common_variables_unchanged(make: Make) -> None:
    environment = make("services", "EMAIL=a@b.example", **EVERYDAY).environment
    assert environment["TIME"] == "%E real"
    assert environment["NAME"] == "DESKTOP-1AB2C3"


def test_script_sets_options_by_prefixed_variables(launch: Make) -> None:
    call = launch("create-admin", TIDINGS_ARG_PASSWORD=" $(shell id) ", TIDINGS_ENGINE="docker")
    assert call.options["password"] == " $(shell id) "
    assert call.engine == "docker"


def test_command_line_wins_over_a_prefixed_variable(make: Make) -> None:
    for first in ((), ("-e",)):
        call = make(*first, "create-admin", "PASSWORD=typed", TIDINGS_ARG_PASSWORD="set")
        assert call.environment["TIDINGS_ARG_PASSWORD"] == "typed"


def test_engine_is_set_on_the_command_line(launch: Make) -> None:
    assert launch("up", "ENGINE=docker").engine == "docker"


@pytest.mark.parametrize("name", ["TIDINGS_SMTP_URL", "HTTP_PROXY", "ANYTHING"])
def test_other_variables_are_passed_unchanged(name: str, make: Make) -> None:
    typed = "smtp://me:pa$$word$(shell id)@host"
    assert make("services", f"{name}={typed}").environment[name] == typed


def test_unusable_value_is_named(tmp_path: Path) -> None:
    launcher = program(tmp_path / "launcher", LAUNCHER)
    done = run("run-rule", "TIME=%E real", f"PYTHON={launcher}")
    assert done.returncode != 0
    assert done.stderr.startswith("TIME is not usable")


@pytest.mark.parametrize("name", ["my python", "it's", "a$b", 'a"b', "a;b", "pÿthon"])
def test_python_may_be_in_any_folder(name: str, tmp_path: Path) -> None:
    python = program(tmp_path / name / "python", ENVIRONMENT)
    for done in (
        run("services", f"PYTHON={python}"),
        run("services", TIDINGS_PYTHON=str(python)),
    ):
        assert json.loads(done.stdout)["arguments"] == ["localstack/bootstrap.py", "services"]


def test_complete_python_of_the_system_is_used_first(tmp_path: Path) -> None:
    """Without another choice: pyenv's default build needs a third more time."""
    other = program(tmp_path / "python3.11", ENVIRONMENT)
    system = Path("/usr/bin/python3.11")
    complete = [str(system), "-I", "-c", "import pip, sqlite3"]
    is_complete = system.exists() and subprocess.run(complete, capture_output=True).returncode == 0
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    (line,) = run("--dry-run", "services", PATH=path).stdout.splitlines()
    expected = system if is_complete else other
    assert shlex.split(line) == [str(expected), "localstack/bootstrap.py", "services"]


def test_make_alone_lists_the_targets() -> None:
    listed = run().stdout
    assert [target for target in targets() if f"  make {target} " not in listed] == []


def test_makefile_and_launcher_have_the_same_options() -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = re.search(r"^override ARGUMENTS := (.*)$", text, re.MULTILINE)
    assert found
    assert sorted(found[1].split()) == sorted(ARGUMENTS)
