"""Provider fixtures: a certificate, a sender that SES knows, platform applications."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.delivery.messages import aws
from tests.integration.delivery.servers import Certificate
from tidings.delivery import endpoints
from tidings.platform.caching import cache
from tidings.platform.providers import breaker, smtp
from tidings.platform.settings import settings


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder: Path = tmp_path_factory.mktemp("certificate")
    return Certificate(folder)


@pytest.fixture(autouse=True)
def no_memory() -> Iterator[None]:
    """Start without open connections and without the state of circuit breakers."""
    cache.service.cache_clear()
    breaker._seen.clear()
    breaker._resting.wake()
    yield
    smtp.close()


@pytest.fixture
def sender(services: None) -> str:
    address = "no-reply@tidings.example"
    aws("ses").verify_email_identity(EmailAddress=address)
    return address


@pytest.fixture
def applications(services: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the ARNs of this test's platform applications by platform."""
    credentials = {"PlatformPrincipal": "test", "PlatformCredential": "test"}
    made: dict[str, Any] = {
        platform: aws("sns").create_platform_application(
            Name=f"test-{secrets.token_hex(4)}", Platform=platform, Attributes=credentials
        )["PlatformApplicationArn"]
        for platform in ("APNS", "GCM")
    }
    here = settings().model_copy(
        update={"ios_application": made["APNS"], "android_application": made["GCM"]}
    )
    monkeypatch.setattr(endpoints, "settings", lambda: here)
    return made
