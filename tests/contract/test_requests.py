"""Each request of infra/requests is one that the OpenAPI document describes.

The files are read as a person's program reads them. `make test-requests` sends them by the programs
themselves.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from jsonschema import Draft202012Validator

from infra.contracts import request_files
from infra.contracts.requests import secrets, variables
from tests.contract.project import ROOT, relative

DOCUMENT: Final = json.loads((ROOT / "functions/monitoring/openapi.json").read_text())
FOLDER: Final = ROOT / "infra/requests"
BRUNO: Final = sorted((FOLDER / "bruno").rglob("[0-9]*.bru"))
HTTP: Final = sorted((FOLDER / "http").glob("*.http"))
ID: Final = "6b0152a6f6b097fd8ed20a9a"
VARIABLE: Final = re.compile(r"\{\{(\$?\w+)\}\}")
KEPT: Final = re.compile(r"^  (?:exports\.)?(\w+)(?:: res\.body| = response\.parsedBody)\.", re.M)
VALUES: Final = {
    "$timestamp": "1796030000",
    "adminPassword": "a long passphrase",
    "customerPassword": "a long passphrase",
} | variables()
"""Values of variables that are no ids."""


@dataclass(frozen=True)
class Sent:
    """A request as it would be sent, with a value for each variable."""

    origin: str
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    status: int
    kept: list[str]
    used: list[str]


def filled(text: str) -> str:
    return VARIABLE.sub(lambda match: VALUES.get(match[1], ID), text)


def block(text: str, name: str) -> str:
    """Return the lines of a block of a .bru file, or nothing."""
    found = re.search(rf"^{name} \{{\n(.*?)^\}}", text, re.M | re.S)
    return found[1] if found else ""


def fields(text: str, name: str) -> dict[str, str]:
    lines = (line.strip() for line in block(text, name).splitlines())
    return dict(line.split(": ", 1) for line in lines)


def from_bruno(file: Path) -> Sent:
    text = file.read_text()
    found = re.search(r"^(get|post|put|patch|delete) \{", text, re.M)
    assert found
    line, headers = fields(text, found[1]), fields(text, "headers")
    assert dict(parse_qsl(urlsplit(line["url"]).query)) == fields(text, "params:query")
    if line["auth"] == "bearer":
        headers["Authorization"] = f"Bearer {fields(text, 'auth:bearer')['token']}"
    if line["body"] == "json":
        headers["Content-Type"] = "application/json"
    body = block(text, "body:json")
    return Sent(
        relative(file),
        found[1].upper(),
        filled(line["url"]),
        headers,
        json.loads(filled(body)) if body else None,
        int(fields(text, "assert")["res.status"].removeprefix("eq ")),
        KEPT.findall(block(text, "vars:post-response")),
        VARIABLE.findall(text),
    )


def from_http(file: Path) -> list[Sent]:
    return [_from_section(relative(file), each) for each in file.read_text().split("\n### ")[1:]]


def _from_section(origin: str, text: str) -> Sent:
    head, _, rest = text.partition("\n\n")
    _, _, line, *headers = head.splitlines()
    method, url = line.split(" ", 1)
    body = rest.partition("?? status")[0].strip()
    status = re.search(r"^\?\? status == (\d+)$", text, re.M)
    assert status
    return Sent(
        f"{origin}: {text.splitlines()[0]}",
        method,
        filled(url),
        dict(each.split(": ", 1) for each in headers),
        json.loads(filled(body)) if body else None,
        int(status[1]),
        KEPT.findall(text),
        VARIABLE.findall(text),
    )


SENT: Final = [
    *(from_bruno(file) for file in BRUNO),
    *(each for file in HTTP for each in from_http(file)),
]
each_request = pytest.mark.parametrize("sent", SENT, ids=lambda sent: sent.origin)


def operation_of(sent: Sent) -> dict[str, Any]:
    """Return the operation with the request's path; a path without variables is the better one."""
    path = urlsplit(sent.url).path.removeprefix(urlsplit(VALUES["baseUrl"]).path)
    found = [
        (template.count("{"), methods[sent.method.lower()])
        for template, methods in DOCUMENT["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        and sent.method.lower() in methods
    ]
    assert found, f"no operation for {sent.method} {path}"
    return dict(min(found, key=lambda each: each[0])[1])


def valid(value: Any, schema: dict[str, Any]) -> list[str]:
    whole = schema | {"components": DOCUMENT["components"]}
    return [each.message for each in Draft202012Validator(whole).iter_errors(value)]


def test_files_are_those_of_the_generator() -> None:
    expected = request_files.request_files(DOCUMENT)
    files = {path for folder in ("bruno", "http") for path in (FOLDER / folder).rglob("*.*")}
    assert files == set(expected)
    assert [relative(path) for path in files if path.read_text() != expected[path]] == []


def test_both_kinds_of_files_have_the_same_requests() -> None:
    def kind(sent: Sent) -> tuple[Any, ...]:
        return (sent.method, sent.url, sent.headers, sent.body, sent.status, sent.kept)

    bruno = [kind(from_bruno(file)) for way in request_files.WAYS for file in files_of(way)]
    http = [
        kind(each)
        for way in request_files.WAYS
        for each in from_http(FOLDER / "http" / f"{way}.http")
    ]
    assert bruno == http


def files_of(way: str) -> list[Path]:
    return [file for file in BRUNO if file.parent.name == way]


@each_request
def test_request_is_one_of_the_document(sent: Sent) -> None:
    operation = operation_of(sent)
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    assert str(sent.status) in operation["responses"]
    assert (sent.body is None) == (content is None)
    assert ("Content-Type" in sent.headers) == (content is not None)
    if content:
        assert valid(sent.body, content["schema"]) == []


@each_request
def test_parameters_are_those_of_the_document(sent: Sent) -> None:
    operation = operation_of(sent)
    known = {(each["in"], each["name"]): each for each in operation.get("parameters", ())}
    given: list[tuple[str, str, Any]] = [
        ("query", name, json.loads(value) if re.fullmatch(r"\d+|true|false", value) else value)
        for name, value in parse_qsl(urlsplit(sent.url).query)
    ]
    standard = {"Content-Type", "Authorization"}
    given += [
        ("header", name, filled(value))
        for name, value in sent.headers.items()
        if name not in standard
    ]
    for place, name, value in given:
        assert valid(value, known[place, name]["schema"]) == [], name
    assert bool(operation["security"]) == ("Authorization" in sent.headers)


@pytest.mark.parametrize("way", request_files.WAYS)
def test_variables_are_set_before_their_use(way: str) -> None:
    """The operator's way is the first one, and the others use what it kept."""
    before = request_files.WAYS[: request_files.WAYS.index(way) + 1]
    known = {"$timestamp", *variables(), *secrets()}
    for sent in (each for name in before for each in from_http(FOLDER / f"http/{name}.http")):
        assert set(sent.used) <= known, sent.origin
        known |= set(sent.kept)


def test_no_file_has_a_secret() -> None:
    environment = json.loads((FOLDER / "http/http-client.env.json").read_text())["laptop"]
    assert set(environment) & set(secrets()) == set()
    for name in secrets():
        assert f"{name}:" not in (FOLDER / "bruno/environments/laptop.bru").read_text()
