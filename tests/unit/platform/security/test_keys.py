from datetime import timedelta
from typing import Any

import pytest

from tests.unit.platform.builders import CUSTOMER, use_keys
from tests.unit.platform.builders import signing_keys as fresh_keys
from tidings.platform.errors import Unauthenticated
from tidings.platform.secrets import KEYS_MAX_AGE_SECONDS, SigningKeys
from tidings.platform.security import auth
from tidings.platform.security.auth import (
    ACCESS_TOKEN_SECONDS,
    issue_access_token,
    public_keys,
    verify_access_token,
)
from tidings.platform.security.keys import RETIRED_FOR, public_part, rotated
from tidings.platform.timing.clock import now

AT = now()


def kids(keys: SigningKeys) -> list[str]:
    return [key.kid for key in keys.keys]


def test_new_key_signs_and_the_old_one_still_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    old = fresh_keys("old")
    use_keys(monkeypatch, old)
    before = issue_access_token(CUSTOMER)
    new = rotated(old, AT)
    use_keys(monkeypatch, new)
    after = issue_access_token(CUSTOMER)
    assert verify_access_token(before) == verify_access_token(after) == CUSTOMER
    assert [each["kid"] for each in public_keys()["keys"]] == [new.current, "old"]
    use_keys(monkeypatch, old)
    with pytest.raises(Unauthenticated):
        verify_access_token(after)


def test_old_key_is_kept_until_its_last_token_expires() -> None:
    once = rotated(fresh_keys("old"), AT)
    assert timedelta(seconds=ACCESS_TOKEN_SECONDS + KEYS_MAX_AGE_SECONDS) < RETIRED_FOR
    almost = rotated(once, AT + RETIRED_FOR - timedelta(seconds=1))
    assert kids(almost) == [almost.current, once.current, "old"]
    after = rotated(once, AT + RETIRED_FOR)
    assert kids(after) == [after.current, once.current]


def test_several_rotations_keep_valid_keys_and_expire_old_ones_in_time() -> None:
    keys = fresh_keys("first")
    for minute in range(5):
        keys = rotated(keys, AT + timedelta(minutes=minute))
    assert len(keys.keys) == 6
    assert keys.keys[-1].retired_at == AT
    assert "first" not in kids(rotated(keys, AT + RETIRED_FOR))


def test_all_keys_are_different() -> None:
    keys = rotated(rotated(fresh_keys(), AT), AT)
    assert len({key.private_key for key in keys.keys}) == len(set(kids(keys))) == 3


def test_secret_of_a_rotation_can_be_read_again() -> None:
    keys = rotated(fresh_keys(), AT)
    assert SigningKeys.model_validate_json(keys.model_dump_json(exclude_none=True)) == keys


def test_unknown_key_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = fresh_keys("old")
    fresh = rotated(stale, AT)
    seen: dict[str, Any] = {"keys": fresh, "refreshed": 0}
    use_keys(monkeypatch, fresh)
    monkeypatch.setattr(auth, "published_keys", lambda: public_part(seen["keys"]))
    token = issue_access_token(CUSTOMER)
    seen["keys"] = stale

    def refresh(_age: float) -> None:
        seen["refreshed"] += 1
        seen["keys"] = fresh

    monkeypatch.setattr(auth, "refresh_published_keys", refresh)
    assert verify_access_token(token) == CUSTOMER
    assert verify_access_token(token) == CUSTOMER
    assert seen["refreshed"] == 1
    use_keys(monkeypatch, stale)
    with pytest.raises(Unauthenticated, match="unknown key"):
        verify_access_token(token)
