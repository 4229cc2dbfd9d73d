"""Each decoder of input from outside accepts or refuses it, and has no other effect."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.contract.project import ROOT
from tests.fuzz.found import FOUND
from tests.fuzz.fuzzer import TARGETS, target
from tests.fuzz.mutator import changed
from tests.settings import run_options

SECONDS = run_options().fuzz_seconds
# Time for the instrumentation during the import, and for the last input.
MORE_SECONDS = 100
HANGS_SECONDS = 30
MAX_MEGABYTES = 1024
NOISE = ("#", "INFO:", "WARNING:")
# A decoder with quadratic time needs many seconds for this length.
LONG_BYTES = 100_000
LONG_SECONDS = 2.0

each_target = pytest.mark.parametrize("name", TARGETS)


@each_target
def test_samples_are_accepted_or_refused(name: str) -> None:
    decoder = target(name)
    assert [data for data in decoder.TAKEN if not decoder.check(data)] == []
    assert [data for data in decoder.REFUSED if decoder.check(data)] == []


@each_target
def test_long_inputs_are_handled_in_time(name: str) -> None:
    decoder = target(name)
    for word in (*decoder.WORDS, "a", "1"):
        long = word.encode() * (LONG_BYTES // len(word))
        for data in (long, decoder.TAKEN[0] + long):
            started = time.thread_time()
            decoder.check(data)
            assert time.thread_time() - started < LONG_SECONDS, word


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_found_inputs_no_longer_break_a_target(name: str, data: bytes) -> None:
    target(name).check(data)


def test_every_target_is_tested() -> None:
    assert {path.stem for path in (ROOT / "tests/fuzz/targets").glob("*.py")} == set(TARGETS)


def test_mutated_json_is_different_and_still_json() -> None:
    first, *_, last = target("dead_letters").TAKEN[0].split(b"\0")
    for seed in range(300):
        found = changed(first + b"\0" + last, seed)
        if found is not None:
            one, other = found.split(b"\0")
            assert (one, other) != (first, last)
            assert {type(json.loads(each)) for each in (one, other)} == {dict}


@pytest.mark.fuzz
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is for Linux on x86-64")
@each_target
def test_fuzzer_finds_no_failure(name: str, tmp_path: Path) -> None:
    # The next run begins with the inputs that this one finds.
    corpus = ROOT / ".tidings/fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    done = fuzz(name, corpus, tmp_path)
    for broke in sorted(tmp_path.glob("*-*")):
        line = f"    ({name!r}, {broke.read_bytes()!r}),"
        pytest.fail(f"{said(done)}\nFor tests/fuzz/found.py:\n{line}", pytrace=False)
    assert done.returncode == 0, said(done)


def fuzz(name: str, corpus: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the fuzzer; an input that breaks the target is then a file in the folder."""
    decoder = target(name)
    seeds = folder / "seeds"
    seeds.mkdir()
    for number, data in enumerate([*decoder.TAKEN, *decoder.REFUSED]):
        (seeds / str(number)).write_bytes(data)
    words = folder / "words"
    words.write_text(dictionary(decoder.WORDS))
    command = [
        *(sys.executable, "-m", "tests.fuzz.fuzzer", name, str(corpus), str(seeds)),
        *(f"-dict={words}", f"-artifact_prefix={folder}/", f"-report_slow_units={HANGS_SECONDS}"),
        *(f"-max_total_time={SECONDS}", f"-timeout={HANGS_SECONDS}"),
        # Keep inputs with equal Python coverage: they may differ in code in Rust.
        *(f"-rss_limit_mb={MAX_MEGABYTES}", "-keep_seed=1"),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS + MORE_SECONDS,
        check=False,
    )


def said(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the message of an exception or of libFuzzer, without its progress lines."""
    lines = [each for each in done.stderr.splitlines() if not each.startswith(NOISE)]
    return "\n".join([done.stdout[-3_000:], *lines[-20:]])


def dictionary(words: Sequence[str]) -> str:
    """Return libFuzzer's dictionary: each word in quotes, its bytes escaped."""
    return "".join(
        '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n' for word in words
    )
