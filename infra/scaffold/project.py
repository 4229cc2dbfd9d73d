"""The project as a generator sees it: domains, functions, routes and their entries."""

import keyword
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from infra.scaffold.changes import Changes, Refused

TEMPLATE: Final = "template.yaml"
LAYER: Final = "layers/tidings/tidings"
NAME: Final = re.compile(r"[a-z]+(_[a-z]+)+")
# AWS allows 64 characters for the stack's and the function's name together.
MAX_NAME: Final = 40
ENTRY: Final = re.compile(r"^  (\w+):\n(?:(?:    .*)?\n)*", re.MULTILINE)


def domain_named(changes: Changes, domain: str) -> str:
    """Return a domain's name.

    Raises:
        Refused: there is no such domain.
    """
    folders = (changes.root / LAYER).iterdir()
    domains = sorted(
        each.name for each in folders if each.is_dir() and not each.name.startswith("_")
    )
    domains.remove("platform")
    if domain not in domains:
        raise Refused(f"DOMAIN={domain} does not exist: choose one of {', '.join(domains)}")
    return domain


def new_name(changes: Changes, name: str) -> str:
    """Return the name of a function that does not exist yet.

    Raises:
        Refused: the name has another form, is too long, or is taken.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > MAX_NAME:
        raise Refused(
            f"NAME={name} is not usable: two or more words of small letters, joined by _,"
            f" at most {MAX_NAME} characters; for instance archive_campaign"
        )
    taken = sorted((changes.root / "functions").glob(f"*/{name}.py"))
    if taken:
        raise Refused(f"NAME={name} exists already: {taken[0].relative_to(changes.root)}")
    if re.search(rf"^  {camel(name)}:", changes.read(TEMPLATE), re.MULTILINE):
        raise Refused(f"NAME={name} exists already: {camel(name)} in {TEMPLATE}")
    return name


def camel(name: str) -> str:
    """Return `EditCampaign` for `edit_campaign`."""
    return name.title().replace("_", "")


def lower_camel(name: str) -> str:
    """Return `editCampaign` for `edit_campaign`."""
    return camel(name)[0].lower() + camel(name)[1:]


def words(name: str) -> str:
    """Return `edit a campaign` for `edit_campaign`."""
    verb, *rest = name.split("_")
    if rest[-1].endswith("s"):
        return " ".join([verb, *rest])
    return " ".join([verb, "an" if rest[0][0] in "aeio" else "a", *rest])


@dataclass(frozen=True)
class Entry:
    """A function in template.yaml."""

    domain: str
    kind: str
    text: str
    end: int


def entries(template: str) -> list[Entry]:
    """Return the functions of the template, in its order."""
    found = []
    for match in ENTRY.finditer(template):
        text = match[0].rstrip()
        uri = re.search(r"^      CodeUri: functions/(\w+)/$", text, re.MULTILINE)
        kind = re.search(r"^          Type: (\w+)$", text, re.MULTILINE)
        if uri:
            end = match.start() + len(text)
            found.append(Entry(uri[1], kind[1] if kind else "", text, end))
    return found


def add_function(changes: Changes, domain: str, kind: str, entry: Callable[[str], str]) -> None:
    """Add a function to the template, after the last one of its domain and kind.

    Args:
        changes: the project.
        domain: the function's domain.
        kind: the type of its event: Api, MQ or Schedule.
        entry: returns the entry's text for the lines of `Environment`, `Policies` and `Role` that
            most functions of this domain and kind have.
    """
    template = changes.read(TEMPLATE)
    everything = entries(template)
    of_domain = [each for each in everything if each.domain == domain]
    alike = [each for each in of_domain if each.kind == kind]
    rights = _common(alike or [each for each in everything if each.kind == kind])
    at = (alike or of_domain)[-1].end
    text = f"\n\n{entry(rights).strip()}"
    changes.edit(TEMPLATE, template[:at] + text.replace("\n\n", "\n\n  ", 1) + template[at:])


def _common(siblings: list[Entry]) -> str:
    """Return the lines of environment, policies and role that most of these functions have."""
    found = Counter(
        "".join(
            f"{line[0]}\n"
            for name in ("Environment", "Policies", "Role")
            if (line := re.search(rf"^      {name}: [*[!].+$", each.text, re.MULTILINE))
        )
        for each in siblings
    )
    return found.most_common(1)[0][0]
