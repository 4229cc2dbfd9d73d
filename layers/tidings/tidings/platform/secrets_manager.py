"""Call Secrets Manager by one signed HTTPS request, without boto3 (docs/decisions/0121).

Every function reads secrets at its first call. Importing boto3 and creating its client takes more
CPU time than everything else that this call needs.
"""

import hashlib
import hmac
import json
import random
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from tidings.platform.settings import aws_variable
from tidings.platform.timing.clock import now

SERVICE: Final = "secretsmanager"
CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
ATTEMPTS: Final = 3
# Before the next attempt: a random part of this, doubled each time.
PAUSE_SECONDS: Final = 0.1
# The first call of an environment reads several secrets, by one connection. Lambda freezes
# environments, so an older connection may be dead.
KEPT_SECONDS: Final = 2.0
MAX_ANSWER_BYTES: Final = 1 << 20  # a secret has at most 64 KB
SERVER_ERROR: Final = 500
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_THROTTLED: Final = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)


class SecretsManagerError(Exception):
    """A secret could not be read or stored.

    Args:
        message: the reason, without the secret.
        is_away: whether there was no answer, or the service failed.
    """

    def __init__(self, message: str, *, is_away: bool) -> None:
        super().__init__(message)
        self.is_away = is_away


class Credentials(NamedTuple):
    access_key: str
    secret_key: str
    # Roles have a session token; access keys of users have none.
    token: str | None


class _Answer(NamedTuple):
    status: int
    content: bytes


class _Place(NamedTuple):
    scheme: str
    host: str
    port: int | None


class _Kept(NamedTuple):
    place: _Place
    connection: HTTPConnection
    used_at: float


# A list, because its `pop` and `append` are atomic: two threads never get the same connection.
_kept: list[_Kept] = []


def get_secret(name: str) -> str:
    """Return the text of a secret.

    Raises:
        SecretsManagerError: it was not read.
    """
    return str(_call("GetSecretValue", {"SecretId": name})["SecretString"])


def put_secret(name: str, text: str) -> None:
    """Replace the text of a secret.

    Raises:
        SecretsManagerError: it was not stored, or that is unknown.
    """
    # The token makes a repeated request harmless.
    _call(
        "PutSecretValue",
        {"SecretId": name, "SecretString": text, "ClientRequestToken": str(uuid4())},
    )


def _call(action: str, content: Mapping[str, str]) -> dict[str, Any]:
    body = json.dumps(content).encode()
    for attempt in range(ATTEMPTS):
        try:
            answer = _send(action, body)
        except (OSError, HTTPException) as error:
            failure = SecretsManagerError(f"{action}: {type(error).__name__}", is_away=True)
        else:
            if answer.status == 200:
                found: dict[str, Any] = json.loads(answer.content)
                return found
            code = _error_code(answer.content)
            is_away = answer.status >= SERVER_ERROR or code in _THROTTLED
            failure = SecretsManagerError(
                f"{action}: {code} (status {answer.status})", is_away=is_away
            )
        if not failure.is_away:
            break
        if attempt < ATTEMPTS - 1:
            time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))  # noqa: S311 (no secret)
    raise failure


def _send(action: str, body: bytes) -> _Answer:
    region = aws_variable("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"
    url = urlsplit(_endpoint(region))
    headers = signed_headers(
        host=url.netloc,
        body=body,
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{SERVICE}.{action}",
        },
        region=region,
        credentials=_credentials(),
        at=now(),
    )
    place = _Place(url.scheme, url.hostname or "", url.port)
    if kept := _take_kept(place):
        try:
            return _ask(place, kept, body, headers)
        except TimeoutError:
            raise
        except (OSError, HTTPException):
            pass  # the service closed it meanwhile
    connection = _connection(place)
    try:
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
    except BaseException:
        connection.close()
        raise
    return _ask(place, connection, body, headers)


def _ask(
    place: _Place, connection: HTTPConnection, body: bytes, headers: Mapping[str, str]
) -> _Answer:
    """Send a request, and keep the connection for the next one."""
    try:
        connection.request("POST", "/", body, {**headers})
        response = connection.getresponse()
        answer = _Answer(response.status, response.read(MAX_ANSWER_BYTES))
    except BaseException:
        connection.close()
        raise
    if response.isclosed() and connection.sock is not None:
        _kept.append(_Kept(place, connection, time.monotonic()))
    else:
        connection.close()
    return answer


def _take_kept(place: _Place) -> HTTPConnection | None:
    """Return the connection of the last request, if it was used a moment ago."""
    while _kept:
        kept = _kept.pop()
        if kept.place == place and time.monotonic() - kept.used_at < KEPT_SECONDS:
            return kept.connection
        kept.connection.close()
    return None


def _connection(place: _Place) -> HTTPConnection:
    if place.scheme == "http":
        return HTTPConnection(place.host, place.port, timeout=CONNECT_SECONDS)
    return HTTPSConnection(place.host, place.port, timeout=CONNECT_SECONDS, context=_tls())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _endpoint(region: str) -> str:
    """Return the service's URL; the variables are those that AWS's own libraries read."""
    own = aws_variable("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return own or f"https://{SERVICE}.{region}.{suffix}"


def _credentials() -> Credentials:
    """Return the credentials of the function's role, which Lambda puts into the environment.

    boto3 finds those of other places: of a profile, of a container, of SnapStart.

    Raises:
        SecretsManagerError: there are none.
    """
    access_key = aws_variable("AWS_ACCESS_KEY_ID")
    secret_key = aws_variable("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Credentials(access_key, secret_key, aws_variable("AWS_SESSION_TOKEN"))
    import boto3

    found: Any = boto3.Session().get_credentials()
    if found is None:
        raise SecretsManagerError("there are no AWS credentials", is_away=False)
    frozen = found.get_frozen_credentials()
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def signed_headers(
    *,
    host: str,
    body: bytes,
    headers: Mapping[str, str],
    region: str,
    credentials: Credentials,
    at: datetime,
) -> dict[str, str]:
    """Return the headers of a POST to `/`, signed by Signature Version 4.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

    Args:
        host: with the port, unless it is the scheme's own.
        headers: in lower case.
        at: the time of the request in UTC; AWS refuses one that differs by more than 5 minutes.
    """
    time_text = at.strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "host": host, "x-amz-date": time_text}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{time_text[:8]}/{region}/{SERVICE}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, f"{_ALGORITHM}\n{time_text}\n{scope}\n{hashed}").hex()
    authorization = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return {**signed, "authorization": authorization}


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _error_code(content: bytes) -> str:
    """Return AWS's name of an error, such as ResourceNotFoundException."""
    try:
        named = json.loads(content)["__type"]
    except (ValueError, KeyError, TypeError):
        return "unknown error"
    return str(named).rpartition("#")[2][:100]
