"""Each command of a page is run by a test, or the page says why not."""

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.contract.project import ROOT, relative
from tests.page_shell import run
from tests.pages import RUN_ON_THE_STACK, Block, blocks_in, blocks_of, pages
from tests.tutorial import PAGE as TUTORIAL

MARKED: Final = {
    "CONTRIBUTING.md": 3,
    "README.md": 1,
    "docs/audit.md": 1,
    "docs/bridge.md": 1,
    "docs/deploy-aws.md": 5,
    "docs/docker.md": 2,
    "docs/example-shop.md": 1,
    "docs/monitoring.md": 2,
    "docs/platforms.md": 1,
    "docs/recommendations.md": 1,
    "docs/runbook.md": 1,
    "docs/start.md": 1,
    "docs/stock-tools.md": 7,
    "docs/tutorial.md": 3,
    "docs/tracing.md": 1,
}
"""The commands that no test of pages runs; the reasons are in the pages."""

# Other names of the language would take a command from the tests without a reason.
OTHER_SHELLS: Final = {"bash", "shell", "console", "shell-session", "zsh"}


def every_block() -> list[Block]:
    return [block for page in pages() for block in blocks_of(relative(page))]


def test_pages_with_commands_are_run() -> None:
    run_here = {each.page for each in every_block() if each.language == "sh" and not each.not_run}
    assert run_here == {*itertools.chain(*RUN_ON_THE_STACK), TUTORIAL}


def test_other_commands_have_a_reason() -> None:
    marked = [each for each in every_block() if each.not_run]
    assert Counter(each.page for each in marked) == MARKED
    for each in marked:
        assert each.language == "sh", each
        tests = re.findall(r"tests/[\w/]+\.py", each.not_run or "")
        assert [test for test in tests if not (ROOT / test).is_file()] == [], each


def test_commands_have_one_language() -> None:
    assert [str(each) for each in every_block() if each.language in OTHER_SHELLS] == []


PAGE: Final = """\
# Title

```sh
echo one
```
```text
one
```

1. A list

   <!-- not run: it
        has a reason -->
   ```sh
   false
   ```

## Other

```sh
echo two
```

It prints:

```text
three
```
"""


def test_blocks_are_read() -> None:
    one, shown, marked, two, other = blocks_in(PAGE, "page.md")
    assert (one.heading, one.line, one.code, one.output) == ("Title", 3, "echo one\n", "one\n")
    assert (marked.not_run, marked.code) == ("it has a reason", "false\n")
    assert (two.heading, two.not_run, two.output) == ("Other", None, None)
    assert {shown.language, other.language} == {"text"}


def commands(*texts: tuple[str, str | None]) -> list[Block]:
    return [
        Block(
            page="page.md", line=number, heading="", language="sh", code=f"{code}\n", output=shown
        )
        for number, (code, shown) in enumerate(texts, 1)
    ]


def test_commands_share_one_shell(tmp_path: Path) -> None:
    blocks = commands(
        ("a=$WHO; echo hidden", None), ('echo "$a" 17', "Ada ..."), ("echo one", "...\none\n")
    )
    run(blocks, folder=tmp_path, environment={"WHO": "Ada"}, instead={})


@pytest.mark.parametrize(
    ("code", "shown", "message", "seconds"),
    [
        ("echo two", "one", r"page\.md:1\n\nshown:\none", 60),
        ("false\ntrue", None, r"page\.md:1 ended with 1", 60),
        ("false | true", None, r"page\.md:1 ended with 1", 60),
        ('echo "$unset"', None, r"page\.md:1 ended with", 60),
        ("exit 0", None, r"page\.md:1 ended the shell", 60),
        ("sleep 1000", None, "killed after 0.2 s", 0.2),
    ],
)
def test_wrong_commands_are_found(
    code: str, shown: str | None, message: str, seconds: float, tmp_path: Path
) -> None:
    blocks = commands((code, shown), ("echo after", None))
    with pytest.raises(AssertionError, match=message):
        run(blocks, folder=tmp_path, environment={}, instead={}, seconds=seconds)
