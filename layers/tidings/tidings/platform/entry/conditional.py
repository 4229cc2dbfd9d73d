"""Conditional requests: 304 for a client that has the answer already (RFC 9110, section 13).

The entity tag is a hash of the answer, so an answer is computed each time, but not sent. A private
answer keeps `Cache-Control: no-store`: browsers do not keep it, an app may keep it and ask with its
tag.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

# Section 15.4.5 names the headers that a 304 has. Ours belong to every answer.
OF_THE_CONTENT: Final = {"content-type", "content-encoding", "content-length"}
READS: Final = {"GET", "HEAD"}
TAG_BYTES: Final = 16


def tag_of(content: str) -> str:
    """Return the entity tag of a text."""
    digest = hashlib.blake2b(content.encode(errors="surrogatepass"), digest_size=TAG_BYTES)
    return f'"{digest.hexdigest()}"'


def has_tag(if_none_match: str | None, tag: str) -> bool:
    """Say whether the header If-None-Match names a tag; weak ones count (section 8.8.3.2)."""
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return tag in known or "*" in known


def conditional(
    answer: Mapping[str, Any], method: str, if_none_match: str | None
) -> dict[str, Any]:
    """Return an answer of API Gateway with its entity tag, or 304 if the client has it.

    Only successful answers to reading requests have a tag.
    """
    if method not in READS or answer["statusCode"] != 200:
        return dict(answer)
    tag = tag_of(answer["body"])
    headers = {**answer["headers"], "ETag": tag}
    if not has_tag(if_none_match, tag):
        return {**answer, "headers": headers}
    kept = {name: text for name, text in headers.items() if name.lower() not in OF_THE_CONTENT}
    return {**answer, "statusCode": 304, "headers": kept, "body": ""}
