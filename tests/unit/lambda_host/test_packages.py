import io
import py_compile
import stat
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tidings_local.lambda_host import Archive, BadPackageError, PackageStore
from tidings_local.lambda_host.packages import UNZIPPED_LIMIT_BYTES, extract


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def with_mode(name: str, mode: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        archive.writestr(member, "target")
    return content.getvalue()


def test_same_content_is_unpacked_once(tmp_path: Path) -> None:
    reads: list[bytes] = []

    def read() -> bytes:
        reads.append(zipped({"app.py": "x = 1"}))
        return reads[-1]

    store = PackageStore(tmp_path)
    archive = Archive("digest", read)
    with ThreadPoolExecutor(8) as crowd:
        folders = set(crowd.map(lambda _: store.unpack([archive]), range(8)))
    assert len(folders) == len(reads) == 1
    assert (folders.pop() / "app.py").read_text() == "x = 1"


def test_another_process_finds_the_unpacked_content(tmp_path: Path) -> None:
    first = PackageStore(tmp_path).unpack([Archive.of(zipped({"app.py": ""}))])
    unread = Archive(Archive.of(zipped({"app.py": ""})).digest, lambda: pytest.fail("read again"))
    assert PackageStore(tmp_path).unpack([unread]) == first


def test_later_layer_covers_an_earlier_one(tmp_path: Path) -> None:
    first = Archive.of(zipped({"python/a.py": "first", "python/b.py": "first"}))
    second = Archive.of(zipped({"python/a.py": "second"}))
    store = PackageStore(tmp_path)
    merged = store.unpack([first, second])
    assert (merged / "python/a.py").read_text() == "second"
    assert (merged / "python/b.py").read_text() == "first"
    assert (store.unpack([second, first]) / "python/a.py").read_text() == "first"


def test_unchanged_layer_is_neither_unpacked_nor_compiled_again(tmp_path: Path) -> None:
    store = PackageStore(tmp_path, Path(sys.executable))
    big, before = (Archive.of(zipped({f"python/{name}.py": "x = 1"})) for name in ("big", "our"))
    after = Archive.of(zipped({"python/our.py": "x = 22"}))
    first, second = store.unpack([big, before]), store.unpack([big, after])
    for file in ("python/big.py", "python/__pycache__/big.cpython-311.pyc"):
        assert (first / file).samefile(second / file)
    assert (first / "python/our.py").read_text() == "x = 1"
    assert (second / "python/our.py").read_text() == "x = 22"


def test_file_that_does_not_compile_covers_the_compiled_one(tmp_path: Path) -> None:
    store = PackageStore(tmp_path, Path(sys.executable))
    archives = [Archive.of(zipped({"python/a.py": source})) for source in ("x = 1", "x = (")]
    assert list(store.unpack(archives).rglob("*.pyc")) == []


@pytest.mark.parametrize("name", ["../outside.py", "/outside.py", "a/../../outside.py"])
def test_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    store = PackageStore(tmp_path / "store")
    with pytest.raises(BadPackageError, match="outside"):
        store.unpack([Archive.of(zipped({"app.py": "", name: ""}))])
    assert list((tmp_path / "store/packages").iterdir()) == []


def test_symbolic_link_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPackageError, match="symbolic link"):
        extract(with_mode("link", stat.S_IFLNK | 0o777), tmp_path)


def test_program_stays_executable(tmp_path: Path) -> None:
    extract(with_mode("bin/run", stat.S_IFREG | 0o755), tmp_path)
    assert (tmp_path / "bin/run").stat().st_mode & 0o777 == 0o755


def test_file_that_is_not_a_zip_is_refused_and_removed(tmp_path: Path) -> None:
    with pytest.raises(BadPackageError, match="not a zip"):
        PackageStore(tmp_path).unpack([Archive.of(b"no zip")])
    assert list((tmp_path / "packages").iterdir()) == []


def test_unzipped_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings_local.lambda_host.packages.UNZIPPED_LIMIT_BYTES", 3)
    assert UNZIPPED_LIMIT_BYTES == 262_144_000
    with pytest.raises(BadPackageError, match="over 3 bytes"):
        extract(zipped({"app.py": "1234"}), tmp_path)


def test_code_is_compiled_for_its_final_path(tmp_path: Path) -> None:
    store = PackageStore(tmp_path, Path(sys.executable))
    folder = store.unpack([Archive.of(zipped({"app.py": "x = 1"}))])
    (compiled,) = (folder / "__pycache__").iterdir()
    assert str(folder / "app.py").encode() in compiled.read_bytes()


def test_file_that_does_not_compile_is_kept(tmp_path: Path) -> None:
    store = PackageStore(tmp_path, Path(sys.executable))
    folder = store.unpack([Archive.of(zipped({"app.py": "this is not python"}))])
    assert (folder / "app.py").exists()


def test_compiled_files_of_a_layer_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    py_compile.compile(
        str(tmp_path / "a.py"),
        cfile=str(tmp_path / "a.pyc"),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    compiled = (tmp_path / "a.pyc").read_bytes()
    content = io.BytesIO(zipped({"python/a.py": "x = 1", "python/b.py": "x = 2"}))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("python/__pycache__/a.cpython-311.pyc", compiled)
    store = PackageStore(tmp_path / "store", Path(sys.executable))
    cache = store.unpack([Archive.of(content.getvalue())]) / "python/__pycache__"
    assert (cache / "a.cpython-311.pyc").read_bytes() == compiled
    assert (cache / "b.cpython-311.pyc").is_file()
