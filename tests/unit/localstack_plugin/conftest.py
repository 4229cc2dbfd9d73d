from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.localstack_plugin import stand_ins


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> stand_ins.Shelf:
    return stand_ins.install(monkeypatch)


@pytest.fixture
def make_version(shelf: stand_ins.Shelf) -> Callable[..., Any]:
    """Return a function that makes a FunctionVersion; `layers` and `code` are archives."""

    def stored(key: str, content: bytes) -> SimpleNamespace:
        shelf.objects[key] = content
        return SimpleNamespace(
            code_sha256=key,
            s3_bucket="tasks",
            s3_key=key,
            s3_object_version=None,
            is_hot_reloading=lambda: False,
        )

    def make(code: bytes = b"", layers: tuple[bytes, ...] = (), **settings: Any) -> Any:
        config = {
            "runtime": "python3.11",
            "package_type": "Zip",
            "handler": "app.handler",
            "environment": {},
            "role": "arn:role",
            "timeout": 3,
            "memory_size": 128,
            "internal_revision": "1",
            "code": stored("code", code),
            "layers": [
                SimpleNamespace(code=stored(f"layer-{place}", content))
                for place, content in enumerate(layers)
            ],
            **settings,
        }
        identity = SimpleNamespace(function_name="orders", qualifier="$LATEST", region="eu-west-1")
        return SimpleNamespace(
            id=identity, config=SimpleNamespace(**config), qualified_arn="arn:orders:$LATEST"
        )

    return make
