"""The files of infra/requests: a collection for Bruno, and files for httpYac.

Bruno: https://docs.usebruno.com/bru-lang/overview. httpYac: https://httpyac.github.io/guide/.
"""

import json
from pathlib import Path
from typing import Any, Final

from infra.contracts.requests import FOLDER, Request, secrets, variables, ways

BRUNO: Final = FOLDER / "bruno"
HTTP: Final = FOLDER / "http"
ENVIRONMENT: Final = "laptop"
WAYS: Final = ("operator", "customer", "service")
"""In this order: customers order the operator's product, services write to the operator."""
NOTICE: Final = "`make contracts` writes this file from infra/requests/ways.yaml."


def request_files(document: dict[str, Any]) -> dict[Path, str]:
    """Return the content of each file."""
    hidden = "".join(f"  {name},\n" for name in secrets()).removesuffix(",\n")
    environment = f"{_block('vars', variables())}vars:secret [\n{hidden}\n]\n"
    files = {
        BRUNO / "bruno.json": _json({"version": "1", "name": "Tidings", "type": "collection"}),
        BRUNO / f"environments/{ENVIRONMENT}.bru": environment,
        HTTP / "http-client.env.json": _json({ENVIRONMENT: variables()}),
    }
    found = ways(document)
    for place, way in enumerate(WAYS, start=1):
        requests = found[way]
        files[BRUNO / way / "folder.bru"] = _block("meta", {"name": way, "seq": str(place)})
        files[HTTP / f"{way}.http"] = f"# {NOTICE}\n\n" + "\n".join(map(_http, requests))
        for number, request in enumerate(requests, start=1):
            files[BRUNO / way / f"{number:02}-{request.name}.bru"] = _bru(request, number)
    return files


def _bru(request: Request, number: int) -> str:
    auth, kind = ("bearer" if request.token else "none"), ("json" if request.body else "none")
    blocks = [
        _block("meta", {"name": request.title, "type": "http", "seq": str(number)}),
        _block(request.method.lower(), {"url": request.url, "body": kind, "auth": auth}),
    ]
    if request.query:
        blocks.append(_block("params:query", request.query))
    if request.headers:
        blocks.append(_block("headers", request.headers))
    if request.token:
        blocks.append(_block("auth:bearer", {"token": f"{{{{{request.token}}}}}"}))
    if request.body:
        lines = "\n".join(f"  {line}" for line in request.body.splitlines())
        blocks.append(f"body:json {{\n{lines}\n}}\n")
    if request.keep:
        kept = {name: f"res.body.{_place(place)}" for name, place in request.keep.items()}
        blocks.append(_block("vars:post-response", kept))
    expected = {"res.status": f"eq {request.status}", "res.body.success": "eq true"}
    return "\n".join([*blocks, _block("assert", expected)])


def _http(request: Request) -> str:
    lines = [f"### {request.title}", f"# @name {request.name}", f"{request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.token:
        lines.append(f"Authorization: Bearer {{{{{request.token}}}}}")
    if request.body:
        lines += ["Content-Type: application/json", "", request.body]
    lines += ["", f"?? status == {request.status}", "?? body success == true"]
    if request.keep:
        kept = [
            f"exports.{name} = response.parsedBody.{_place(place)};"
            for name, place in request.keep.items()
        ]
        lines += ["", "{{@response", *(f"  {each}" for each in kept), "}}"]
    return "\n".join(lines) + "\n"


def _place(place: str) -> str:
    return f"data{place}" if place.startswith("[") else f"data.{place}"


def _block(name: str, values: dict[str, str]) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in values.items())
    return f"{name} {{\n{lines}}}\n"


def _json(content: Any) -> str:
    return json.dumps(content, indent=2) + "\n"
