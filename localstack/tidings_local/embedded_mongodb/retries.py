"""The remembered replies of retryable writes."""

from __future__ import annotations

from secantus import transactions


def forget_oldest_writes(registry: transactions.TransactionRegistry) -> None:
    """Drop the oldest remembered replies of retryable writes.

    They are stored in order, so that only the first ones are checked; SecantusDB checks all of them
    at each write, and sorts them when there are 10,000.
    """
    remembered = registry._retryable
    cutoff = registry._time() - transactions._RETRYABLE_RECORD_LIFETIME_SECONDS
    while remembered:
        key, (_, at, _) = next(iter(remembered.items()))
        if at >= cutoff and len(remembered) <= transactions._RETRYABLE_RECORD_MAX:
            return
        del remembered[key]
