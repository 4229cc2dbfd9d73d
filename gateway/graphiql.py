"""GraphiQL for browsers: npm's files in pinned versions (graphiql.json), checked by their hashes.

The launcher puts them into `vendor/` before the gateway is built, and the gateway serves them
itself. Where that was not done they come from a CDN.
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
# The version is in a file's name.
FILE_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
START: Final = (
    "ReactDOM.createRoot(document.getElementById('graphiql')).render("
    "React.createElement(GraphiQL,"
    "{fetcher:GraphiQL.createFetcher({url:location.pathname})}));"
)


@cache
def files() -> dict[str, dict[str, str]]:
    """What the page loads, in this order."""
    found: dict[str, dict[str, str]] = json.loads((HERE / "graphiql.json").read_text())
    return found


@cache
def file(name: str) -> str | None:
    """Return the content of a file that the gateway serves, None where there is no such."""
    path = HERE / "vendor" / name
    # Not read_text, which changes the ends of lines, and with them the hash.
    return path.read_bytes().decode() if name in files() and path.is_file() else None


def file_headers(name: str) -> dict[str, str]:
    return {"Content-Type": MEDIA_TYPES[Path(name).suffix], **FILE_HEADERS}


@cache
def _addresses() -> dict[str, str]:
    """Relative to the page where the gateway has the files: its address depends on the stage."""
    if all((HERE / "vendor" / name).is_file() for name in files()):
        return {name: f"graphql/{name}" for name in files()}
    return {name: f"{CDN}/{each['package']}/{each['path']}" for name, each in files().items()}


def headers() -> dict[str, str]:
    """The page's headers. The editor sets styles of its own; scripts are these and no other."""
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
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
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
