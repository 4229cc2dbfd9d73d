"""A clone may be in a folder of any name: programs get a path without special characters."""

import os
import subprocess
from pathlib import Path

import pytest

import bootstrap
from bootstrap import PLAIN_PATH, BootstrapError, link_clone, plain_path
from tidings_local.launcher import settings
from tidings_local.launcher.running.stack import SOCKET_PATH_LIMIT, short_socket

NAMES = [
    "my shop",
    "it's",
    'a"b',
    "a$b",
    "$(id)",
    "a;b",
    "a #1",
    "50 %",
    "%(here)s",
    "a:b",
    "Läden",
    "商店",
    "two\nlines",
    "a\\b",
    "a,b=c",
    "[x]",
    "*",
    "`id`",
    "{a}",
    "a|b",
    "-x y",
    "x" * 120,
]


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the links."""
    folder = tmp_path / "links"
    monkeypatch.setattr(bootstrap, "_links_folder", lambda: folder)
    return folder


@pytest.mark.parametrize("place", ["/home/ada/tidings", "/srv/c++/shop_2.0", "/work/a@b~1"])
def test_plain_path_is_used_directly(place: str) -> None:
    assert plain_path(Path(place)) == Path(place)


@pytest.mark.parametrize("name", NAMES)
def test_any_other_path_gets_a_plain_one(name: str) -> None:
    seen = plain_path(Path("/home/ada") / name)
    assert PLAIN_PATH.fullmatch(str(seen))
    assert len(os.fsencode(seen / ".tidings/stacks/local/run/supervisor.sock")) <= 140


@pytest.mark.parametrize("name", NAMES)
def test_files_of_the_clone_are_found_by_the_plain_path(
    name: str, links: Path, tmp_path: Path
) -> None:
    clone = tmp_path / name
    clone.mkdir()
    (clone / "Makefile").write_text("x")
    link = plain_path(clone)
    link_clone(clone, link)
    link_clone(clone, link)
    assert (link / "Makefile").read_text() == "x"
    assert [each.name for each in links.iterdir()] == [link.name]


def test_each_clone_has_a_link_of_its_own(links: Path, tmp_path: Path) -> None:
    assert plain_path(tmp_path / "my shop") != plain_path(tmp_path / "my  shop")


def test_link_to_another_folder_is_replaced(links: Path, tmp_path: Path) -> None:
    clone = tmp_path / "my shop"
    clone.mkdir()
    link = plain_path(clone)
    links.mkdir()
    link.symlink_to(tmp_path)
    link_clone(clone, link)
    assert link.readlink() == clone


def test_a_plain_clone_gets_no_link(links: Path) -> None:
    link_clone(Path("/home/ada/tidings"), Path("/home/ada/tidings"))
    assert not links.exists()


def test_folder_of_another_user_is_refused(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner could redirect a clone's programs."""
    links.mkdir()
    owner = links.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    clone = tmp_path / "my shop"
    with pytest.raises(BootstrapError, match="belongs to another user"):
        link_clone(clone, plain_path(clone))
    assert list(links.iterdir()) == []


def test_every_path_of_the_launcher_begins_at_the_plain_one() -> None:
    places = (settings.ROOT, settings.STATE, bootstrap.VENVS, bootstrap.UV, bootstrap.REQUIREMENTS)
    assert all(each.is_relative_to(bootstrap.ROOT) for each in places)


@pytest.mark.parametrize("name", NAMES)
def test_the_layer_is_built_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    """SAM follows the link and uses the real folder."""
    target, uv = tmp_path / name, tmp_path / name / "uv"
    target.mkdir()
    uv.write_text('#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\n')
    uv.chmod(0o755)
    layer = bootstrap.CLONE / "layers" / "dependencies"
    given = {"ARTIFACTS_DIR": str(target), "TIDINGS_UV": str(uv), "PATH": os.defpath}
    done = subprocess.run(
        ["make", "--makefile", str(layer / "Makefile"), "build-DependenciesLayer"],
        cwd=layer,
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.split("\0")
    assert words[:2] == ["pip", "install"]
    assert words[-2] == f"{target}/python"


def test_a_socket_path_is_measured_in_bytes() -> None:
    deep = Path("/" + "ä" * (SOCKET_PATH_LIMIT // 2 + 1)) / "supervisor.sock"
    assert len(os.fsencode(short_socket(deep, "0a1b2c3d"))) <= SOCKET_PATH_LIMIT


def test_failed_installation_names_the_way_out_on_other_systems() -> None:
    assert bootstrap._advice("linux") == ""
    assert "dev container" in bootstrap._advice("darwin")
