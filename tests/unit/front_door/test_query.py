from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings_local.front_door.query import last_values, multi_values


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a=1", {"a": ["1"]}),
        ("a=1&a=2&b=3&a=", {"a": ["1", "2", ""], "b": ["3"]}),
        ("a", {"a": [""]}),
        ("&&a=&", {"a": [""]}),
        ("=1", {"": ["1"]}),
        ("a=b=c", {"a": ["b=c"]}),
        ("a=1+2%2B3", {"a": ["1 2+3"]}),
        ("a%20b+c=1", {"a b c": ["1"]}),
        ("a=%C3%BC%E2%82%AC", {"a": ["ü€"]}),
        ("a=ü", {"a": ["ü"]}),
        ("a=%ff%C3%BC", {"a": ["%FFü"]}),
        ("a=%zz%2", {"a": ["%zz%2"]}),
        ("a=1;b=2", {"a": ["1;b=2"]}),
        ("a=%26%3D%00", {"a": ["&=\0"]}),
        ("a%5B%5D=1&a[]=2", {"a[]": ["1", "2"]}),
        ("a=?/", {"a": ["?/"]}),
    ],
)
def test_decoding(query: str, values: dict[str, list[str]]) -> None:
    assert multi_values(query) == values


def test_the_last_value_counts() -> None:
    assert last_values({"a": ["1", "2"], "b": ["3"]}) == {"a": "2", "b": "3"}


@given(st.text(alphabet="ab=&+%2Fé?;/"))
def test_decoding_agrees_with_the_standard_library(query: str) -> None:
    expected = parse_qs(query, keep_blank_values=True, errors="tidings.percent")
    assert multi_values(query) == expected
