"""What the pieces of a command took."""

from __future__ import annotations

from msgspec import Struct

from checkers.records.events import PieceDone


class Timings(Struct, frozen=True, kw_only=True):
    """wall: seconds of the whole command, on so many processes. pieces: in the order in which they ended."""

    command: str
    processes: int
    wall: float
    pieces: list[PieceDone]
