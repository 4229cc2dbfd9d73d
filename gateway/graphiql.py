"""GraphiQL for browsers. Its files come from a CDN in pinned versions, checked by their hashes."""

import base64
import hashlib
from typing import Final

CDN: Final = "https://unpkg.com"
# Subresource Integrity: computed over the files of these versions in npm's registry.
SCRIPTS: Final = {
    "react@18.3.1/umd/react.production.min.js": (
        "sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z"
    ),
    "react-dom@18.3.1/umd/react-dom.production.min.js": (
        "sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1"
    ),
    "graphiql@3.8.3/graphiql.min.js": (
        "sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie"
    ),
}
STYLES: Final = {
    "graphiql@3.8.3/graphiql.min.css": (
        "sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM"
    ),
}
START: Final = (
    "ReactDOM.createRoot(document.getElementById('graphiql')).render("
    "React.createElement(GraphiQL,"
    "{fetcher:GraphiQL.createFetcher({url:location.pathname})}));"
)


def _sources(files: dict[str, str]) -> str:
    return " ".join(f"{CDN}/{name}" for name in files)


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


# The editor sets styles of its own; scripts are these files and no other.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        f"script-src {_sources(SCRIPTS)} {_hash(START)}",
        f"style-src {_sources(STYLES)} 'unsafe-inline'",
        "font-src data:",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page() -> str:
    """Return the page."""
    styles = "".join(
        f'<link rel="stylesheet" href="{CDN}/{name}" integrity="{integrity}" crossorigin>'
        for name, integrity in STYLES.items()
    )
    scripts = "".join(
        f'<script src="{CDN}/{name}" integrity="{integrity}" crossorigin></script>'
        for name, integrity in SCRIPTS.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tidings</title>'
        f"{styles}<style>html,body,#graphiql{{height:100%;margin:0}}</style></head>"
        f'<body><div id="graphiql"></div>{scripts}<script>{START}</script></body></html>'
    )
