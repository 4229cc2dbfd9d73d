"""`make demo`: a customer's story, told over real HTTPS."""

from __future__ import annotations

from .stack import Stack


def play(stack: Stack) -> None:
    raise NotImplementedError
