"""Record the answers to more than 200 requests, and compare them with those of another version.

`make bench T=answers COMPARE=<git ref>`: both versions store the same shop in databases of their
own and answer the same requests in a process of their own; the answers are compared byte for byte.
Without a version to compare with, the table tells how many answers there are.
"""

import difflib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

RECORD: Final = "--record"
RECORDING_SECONDS: Final = 900
SOURCES: Final = ("layers/tidings", "localstack", "gateway", "functions", "events", ".")
# The other version answers the questions of this one.
COPIED: Final = (
    "tests/bench/answers.py",
    "tests/bench/data/fixed_shop.py",
    "tests/bench/data/questions.py",
)
HERE: Final = Path(__file__).parents[2]
CHANGED_LINES: Final = 14
REFERENCE: Final = "TIDINGS_BENCH_REF"

Answers = dict[str, str]


def record() -> Answers:
    """Return the answers of this version: for each question the status and the body."""
    import pytest

    from tests.bench.data import fixed_shop
    from tests.bench.data.questions import Question, questions
    from tests.integration.builders import token_of
    from tests.integration.gateway.in_process import InProcessApi
    from tests.unit.platform.builders import signing_keys, use_keys
    from tidings.platform.security.auth import Principal, Role

    with own_database(), pytest.MonkeyPatch.context() as patch:
        use_keys(patch, signing_keys())
        fixed_shop.fill()
        callers = {"anyone": InProcessApi()}
        for name, number in (("customer", 0), ("operator", 2)):
            principal = Principal(user_id=fixed_shop.PEOPLE[number], role=Role(name))
            callers[name] = InProcessApi(token_of(principal), principal.user_id)

        def answer(question: Question) -> str:
            caller = callers[question.caller]
            if question.path is not None:
                found = caller.rest("GET", question.path)
            else:
                asked = {"query": question.document, "variables": question.variables}
                headers = {"Content-Type": "application/json"}
                body = json.dumps(asked).encode()
                found = caller.request("POST", "/graphql", body, headers)
            return f"{found.status} {found.text}"

        answers: Answers = {}
        for question in questions():
            first = answer(question)
            answers[question.name] = first
            if cursor := cursor_in(first):
                following = question.behind(cursor)
                answers[following.name] = answer(following)
        return answers


def cursor_in(answer: str) -> str | None:
    """Return the cursor of the next page, if there is one."""
    try:
        content = json.loads(answer[answer.index("{") :])
    except ValueError:
        return None
    return _next_cursor(content)


def _next_cursor(content: Any) -> str | None:
    if not isinstance(content, Mapping):
        return None
    if content.get("hasNextPage") or content.get("has_next"):
        return content.get("endCursor") or content.get("next_cursor") or content.get("end_cursor")
    return next(filter(None, map(_next_cursor, content.values())), None)


@contextmanager
def own_database() -> Iterator[None]:
    """Use databases and keys in Redis that no other program uses; remove the databases."""
    prefix = f"tidings_answers_{secrets.token_hex(4)}"
    os.environ |= {"TIDINGS_DATABASE_PREFIX": prefix, "TIDINGS_DELIVERY_KEY": "0" * 48}
    from tidings.platform.storage import database

    client = database.connect()
    try:
        yield
    finally:
        for name in database.DATABASES:
            own = client[f"{prefix}_{name}"]
            for collection in own.list_collection_names():
                own[collection].delete_many({})
            client.drop_database(own.name)


def recorded(folder: Path) -> Answers:
    """Return the answers of the version in a folder."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(str(folder / source) for source in SOURCES)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run(
            [sys.executable, "-m", "tests.bench.answers", RECORD, file.name],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            timeout=RECORDING_SECONDS,
            check=True,
        )
        answers: Answers = json.loads(Path(file.name).read_text())
    return answers


@contextmanager
def version(ref: str) -> Iterator[Path]:
    """Return a folder with the files of a commit, and the questions of this version."""
    folder = Path(tempfile.mkdtemp(prefix="tidings-answers-"))
    try:
        archive = subprocess.run(
            ["git", "-C", str(HERE), "archive", ref], stdout=subprocess.PIPE, check=True
        )
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
        for name in COPIED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, folder / name)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Print a table, and the differences between the versions."""
    ref, ours = os.environ.get(REFERENCE), recorded(HERE)
    if ref is None:
        print(f"| answers | bytes |\n|---|---|\n| {len(ours)} | {sum(map(len, ours.values()))} |")
        return
    with version(ref) as folder:
        theirs = recorded(folder)
    other = {name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]}
    lacking = ours.keys() ^ theirs.keys()
    print(f"| answers | equal | other than {ref} | in one version only |\n|---|---|---|---|")
    print(f"| {len(ours)} | {len(ours) - len(other | lacking)} | {len(other)} | {len(lacking)} |")
    kinds = Counter[str]()
    for name in sorted(other):
        lines = difference(theirs[name], ours[name])
        kinds[lines] += 1
        if kinds[lines] == 1:
            print(f"\n{name}\n{lines}")
    for lines, number in kinds.items():
        if number > 1:
            print(f"\n{number} answers differ in this way:\n{lines}")


def difference(before: str, after: str) -> str:
    """Return the changed lines of two answers, indented and shortened."""
    old, new = _indented(before).splitlines(), _indented(after).splitlines()
    changed = [
        each
        for each in difflib.unified_diff(old, new, lineterm="", n=0)
        if not each.startswith(("---", "+++", "@@"))
    ]
    rest = (
        [f"  and {len(changed) - CHANGED_LINES} more lines"] if len(changed) > CHANGED_LINES else []
    )
    return "\n".join([f"  {each}" for each in changed[:CHANGED_LINES]] + rest)


def _indented(answer: str) -> str:
    begin = answer.find("{")
    try:
        content = json.loads(answer[begin:])
    except ValueError:
        return answer
    return answer[:begin] + json.dumps(content, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    if sys.argv[1:2] == [RECORD]:
        Path(sys.argv[2]).write_text(json.dumps(record()))
    else:
        main()
