"""Serve GraphiQL to browsers: npm files in pinned versions (graphiql.json) with integrity hashes.

The launcher puts the files into `vendor/` before the gateway is built, and the gateway serves them.
Without them the page loads from a CDN.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CDN: Final = "https://unpkg.com"
MEDIA_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# A file's name contains its version, so it never changes.
FILE_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
START: Final = (
    "ReactDOM.createRoot(document.getElementById('graphiql')).render("
    "React.createElement(GraphiQL,"
    "{fetcher:GraphiQL.createFetcher({url:location.pathname})}));"
)


@cache
def files() -> dict[str, dict[str, str]]:
    """Return the files of the page, in loading order."""
    found: dict[str, dict[str, str]] = json.loads((HERE / "graphiql.json").read_text())
    return found


@cache
def file(name: str) -> str | None:
    """Return the content of a file that the gateway serves; None if there is no such file."""
    path = HERE / "vendor" / name
    # read_text would change line endings, and so the hash.
    return path.read_bytes().decode() if name in files() and path.is_file() else None


def file_headers(name: str) -> dict[str, str]:
    return {"Content-Type": MEDIA_TYPES[Path(name).suffix], **FILE_HEADERS}


@cache
def _addresses() -> dict[str, str]:
    """Return the files' URLs; local ones are relative, as the page's path depends on the stage."""
    if all((HERE / "vendor" / name).is_file() for name in files()):
        return {name: f"graphql/{name}" for name in files()}
    return {name: f"{CDN}/{each['package']}/{each['path']}" for name, each in files().items()}


def headers() -> dict[str, str]:
    """Return the page's headers. The editor needs inline styles; only these scripts may run."""
    hosted = "'self'" if file(next(iter(files()))) else CDN
    start = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
    policy = [
        "default-src 'none'",
        f"script-src {hosted} 'sha256-{start}'",
        f"style-src {hosted} 'unsafe-inline'",
        "font-src data:",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
    }


def page() -> str:
    """Return the page."""
    tags = {".css": '<link rel="stylesheet" href="{}" {}>', ".js": '<script src="{}" {}></script>'}
    loaded = {
        suffix: "".join(
            tag.format(address, f'integrity="{files()[name]["integrity"]}" crossorigin')
            for name, address in _addresses().items()
            if name.endswith(suffix)
        )
        for suffix, tag in tags.items()
    }
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tidings</title>'
        f"{loaded['.css']}<style>html,body,#graphiql{{height:100%;margin:0}}</style></head>"
        f'<body><div id="graphiql"></div>{loaded[".js"]}<script>{START}</script></body></html>'
    )
