"""A stack is found again by its folder, also when its note is broken."""

import multiprocessing
import os
import socket
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tidings_local.launcher.running import ports
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import SOCKET_PATH_LIMIT, Stack, find_stack, short_socket
from tidings_local.launcher.settings import Settings


@pytest.fixture(autouse=True)
def own_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a separate file of port claims, so that other stacks keep theirs."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))


def settings(name: str = "local", port_base: int = 41000) -> Settings:
    return Settings(stack=name, port_base=port_base)


def test_other_stacks_have_blocks_of_their_own_and_keep_them(tmp_path: Path) -> None:
    first, second = (find_stack(settings(name), tmp_path) for name in ("one", "two"))
    assert abs(first.ports.base - second.ports.base) >= ports.BLOCK_SIZE
    assert find_stack(settings("one", 43000), tmp_path) == first


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"port_base": "many"}', "null"])
def test_broken_note_is_replaced(tmp_path: Path, note: str) -> None:
    folder = find_stack(settings(), tmp_path).folder
    (folder / "stack.json").write_text(note)
    assert find_stack(settings(port_base=42000), tmp_path).ports == Ports(42000)
    assert find_stack(settings(port_base=42000), tmp_path).ports == Ports(42000)


def test_stacks_of_the_same_name_in_two_clones_are_different(tmp_path: Path) -> None:
    one, other = (find_stack(settings(), tmp_path / clone) for clone in ("a", "b"))
    assert one.identity != other.identity


def test_folders_are_private_and_may_exist(tmp_path: Path) -> None:
    found = find_stack(settings(), tmp_path)
    for _ in range(2):
        found.make_folders()
    assert {path.stat().st_mode & 0o777 for path in (found.data, found.logs, found.run)} == {0o700}


# ----------------------------------------------------------------------- the socket


@pytest.mark.parametrize("length", [10, SOCKET_PATH_LIMIT, SOCKET_PATH_LIMIT + 1, 300])
def test_socket_can_be_used_in_a_folder_with_a_long_path(length: int, tmp_path: Path) -> None:
    wanted = Path("/" + "d" * (length - 1))
    found = short_socket(wanted, "abcd1234")
    assert len(os.fsencode(found)) <= SOCKET_PATH_LIMIT or found.parent != wanted.parent
    assert (found == wanted) == (length <= SOCKET_PATH_LIMIT)


def test_length_of_a_socket_is_counted_in_bytes() -> None:
    wanted = Path("/" + "ä" * 60)
    assert short_socket(wanted, "abcd1234") != wanted


# ------------------------------------------------------------------------- the lock


def hold(folder: Path, told: Connection) -> None:
    with Stack("local", folder, Ports(41000)).locked():
        told.send("held")
        told.recv()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Connection]:
    """Run another process that holds the lock until it is told to end."""
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.get_context("spawn").Process(target=hold, args=(tmp_path, theirs))
    other.start()
    assert ours.recv() == "held"
    yield ours
    other.terminate()
    other.join()


def test_second_command_waits_and_prints_that(
    held: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def step(line: str) -> None:
        told.append(line)
        held.send("let go")

    monkeypatch.setattr("tidings_local.launcher.progress.step", step)
    with Stack("local", tmp_path, Ports(41000)).locked():
        assert told == ["waiting for another make on the stack local"]


def test_another_lock_of_the_same_stack_is_free(held: Connection, tmp_path: Path) -> None:
    with Stack("local", tmp_path, Ports(41000)).locked("tests"):
        pass


def test_lock_is_free_after_a_failure(tmp_path: Path) -> None:
    found = Stack("local", tmp_path, Ports(41000))
    with pytest.raises(RuntimeError), found.locked():
        raise RuntimeError
    with found.locked(), socket.socket():
        pass
