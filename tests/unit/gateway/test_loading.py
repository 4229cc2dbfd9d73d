"""A loader makes one call for the fields of a list, at once if their keys are known beforehand."""

import asyncio
from collections.abc import Mapping, Sequence
from inspect import iscoroutine
from typing import Any

import pytest
from resolvers.loading import DataLoader


class Source:
    """Loads the double of each number, notes each call, and fails if a test says so."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.error: Exception | None = None

    def load(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.calls.append(list(keys))
        if self.error:
            raise self.error
        return {key: 2 * key for key in keys if key >= 0}


async def gathered(loader: DataLoader[int, int], *keys: int) -> list[Any]:
    return await asyncio.gather(*(loader.load_later(key) for key in keys), return_exceptions=True)


def test_first_field_of_a_known_list_loads_all_values_once() -> None:
    source = Source()
    loader = DataLoader(source.load)
    loader.expect([1, 2, 1, -3])
    assert source.calls == [], "no field has asked yet"
    assert [loader.load(key) for key in (2, 1, -3, 1)] == [4, 2, None, 2]
    assert source.calls == [[1, 2, -3]]


def test_next_result_is_loaded_again() -> None:
    source = Source()
    loader = DataLoader(source.load)
    for _ in range(2):
        loader.expect([1])
        assert loader.load(1) == 2
    assert source.calls == [[1], [1]]


def test_key_that_was_not_expected_is_loaded_with_others_like_it() -> None:
    source = Source()
    loader = DataLoader(source.load)
    loader.expect([1])
    later = loader.load(2)
    assert iscoroutine(later)
    later.close()
    assert asyncio.run(gathered(loader, 2, 3, 2)) == [4, 6, 4]
    assert source.calls == [[2, 3]]


def test_nothing_is_kept_of_a_result_before() -> None:
    source = Source()
    loader = DataLoader(source.load)
    loader.expect([1])
    loader.load(1)
    loader.expect(())
    assert asyncio.run(gathered(loader, 1)) == [2]
    assert source.calls == [[1], [1]]


def test_failure_is_told_by_each_field_and_not_repeated() -> None:
    source = Source()
    source.error = LookupError("away")
    loader = DataLoader(source.load)
    loader.expect([1, 2])
    for key in (1, 2):
        with pytest.raises(LookupError):
            loader.load(key)
    assert source.calls == [[1, 2]]
    assert asyncio.run(gathered(loader, 3, 4)) == [source.error] * 2
    assert source.calls == [[1, 2], [3, 4]]
