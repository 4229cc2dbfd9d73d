"""MkDocs' hook: pages and files outside docs/ become part of the site, and links lead to them.

The pages are written for GitHub: README.md links to `docs/api.md`, and docs/api.md to
`../gateway/schema.graphql`. In the site, the pages at the top level have a name of their own, and a
linked source file is a text file below `source/`. A link to a folder becomes plain text. A link to
nothing stays as it is, and MkDocs reports it.
"""

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).resolve().parents[2]
TOP_PAGES: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security-policy.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
}
LINK: Final = re.compile(
    r"(?P<mark>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^):#\s]+)(?P<anchor>#[^)\s]*)?\)"
)
CODE: Final = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Add the pages of the top level, and the source files that a page links to."""
    for name, page in TOP_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    for file in list(files):
        if file.is_documentation_page():
            for path in linked_files(file.content_string, repository_path(file.src_uri)):
                source = File.generated(config, site_path(path), content=(ROOT / path).read_bytes())
                if source.src_uri not in files.src_uris:
                    files.append(source)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page's text with links of the site."""
    return with_site_links(markdown, page.file.src_uri)


def linked_files(markdown: str, page: str) -> set[str]:
    """Return the files outside docs/ that a page of the repository links to."""
    targets = {target_of(page, match["path"]) for match in LINK.finditer(markdown)}
    return {
        target
        for target in targets
        if site_path(target).startswith("source/") and (ROOT / target).is_file()
    }


def with_site_links(markdown: str, src_uri: str) -> str:
    """Return a page's text in which each link leads to a page or file of the site."""
    page = repository_path(src_uri)

    def rewritten(match: re.Match[str]) -> str:
        target = target_of(page, match["path"])
        if (ROOT / target).is_dir():
            return match["text"]
        if not (ROOT / target).is_file():
            return match[0]
        path = posixpath.relpath(site_path(target), posixpath.dirname(src_uri) or ".")
        return f"{match['mark']}[{match['text']}]({path}{match['anchor'] or ''})"

    parts = CODE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(rewritten, part) for part in parts)


def target_of(page: str, path: str) -> str:
    """Return the repository's path that a link of a page has."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def repository_path(src_uri: str) -> str:
    """Return the repository's path of a page of the site."""
    names = {page: name for name, page in TOP_PAGES.items()}
    return names.get(src_uri, f"docs/{src_uri}")


def site_path(path: str) -> str:
    """Return the site's path of a file of the repository."""
    if path in TOP_PAGES:
        return TOP_PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"source/{path}.txt"
