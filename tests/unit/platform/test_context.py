from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.context import (
    accept_correlation_id,
    causation_id,
    correlated,
    correlation_id,
)
from tidings.platform.logging import logger


@pytest.mark.parametrize(
    "offered", ["a", "4bf92f3577b34da6a3ce929d0e0e4736", "web:checkout_7.2-b", "x" * 128]
)
def test_callers_id_is_kept(offered: str) -> None:
    assert accept_correlation_id(offered) == offered


@pytest.mark.parametrize(
    "offered",
    [
        None,
        "",
        " ",
        "x" * 129,
        "-starts-with-a-dash",
        "two words",
        "line\nbreak",
        "id\r\nSet-Cookie: a=b",
        "ends-with-a-newline\n",
        "nul\x00",
        "größe",
        "٣",
        '{"json": true}',
        "<script>",
    ],
)
def test_id_that_is_unsafe_to_log_is_replaced(offered: str | None) -> None:
    fresh = accept_correlation_id(offered)
    assert UUID(fresh)
    assert fresh != offered


@given(st.text())
def test_accepted_id_is_always_harmless(offered: str) -> None:
    accepted = accept_correlation_id(offered)
    assert accepted.isascii()
    assert accepted.isprintable()
    assert 0 < len(accepted) <= 128
    assert " " not in accepted


def test_ids_are_set_within_the_context_and_removed_after_it() -> None:
    with correlated("request-1", "event-1"):
        assert (correlation_id(), causation_id()) == ("request-1", "event-1")
    assert (correlation_id(), causation_id()) == (None, None)


def test_ids_are_removed_after_an_error_too() -> None:
    with pytest.raises(LookupError), correlated("request-1"):
        raise LookupError
    assert correlation_id() is None
    assert "correlation_id" not in logger.get_current_keys()


def test_outer_ids_return_after_the_inner_context() -> None:
    with correlated("outer", "cause"):
        with correlated("inner", "other"):
            assert logger.get_current_keys()["correlation_id"] == "inner"
        assert (correlation_id(), causation_id()) == ("outer", "cause")
        assert logger.get_current_keys()["correlation_id"] == "outer"
