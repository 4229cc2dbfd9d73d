"""Tests of boolean values in a query string."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tidings.platform.inputs.flags import Flag

FLAG: TypeAdapter[bool] = TypeAdapter(Flag)


@pytest.mark.parametrize(
    ("given", "read"), [("true", True), ("false", False), (True, True), (False, False)]
)
def test_true_and_false_are_read(given: object, read: bool) -> None:
    assert FLAG.validate_python(given) is read


@pytest.mark.parametrize("given", ["", "1", "0", "yes", "True", " true", "null", 1, 0, None])
def test_other_values_are_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        FLAG.validate_python(given)
