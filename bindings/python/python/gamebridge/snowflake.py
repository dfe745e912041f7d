"""Snowflakes: what an id of Discord's tells about itself.

An id has 64 bits: 42 of milliseconds since the first second of 2015 (UTC), 5 of a worker's number, 5 of a process's,
and 12 that count within the millisecond. In JSON it is a string of digits; here a string or an `int` will do.
(Source: Discord's reference, "Snowflakes".)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

__all__ = ["EPOCH", "Snowflake", "snowflake_at", "snowflake_time"]

EPOCH: Final = datetime(2015, 1, 1, tzinfo=timezone.utc)
"""The moment that snowflakes count from."""

_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Snowflake:
    """An id, taken apart.

    >>> Snowflake.of("175928847299117063").time.isoformat()
    '2016-04-30T11:18:25.796000+00:00'
    """

    id: int

    @classmethod
    def of(cls, value: str | int) -> Snowflake:
        """The snowflake that this id is.

        Raises TypeError when it is neither a string nor a whole number, ValueError when it is no number from 0 to
        2**64 - 1.
        """
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise TypeError(f"a snowflake is a string of digits or an int, not {type(value).__name__}")
        if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 20):
            raise ValueError(f"a snowflake has up to 20 digits and nothing else, not {value[:40]!r}")
        number = int(value)
        if not 0 <= number < 1 << 64:
            raise ValueError(f"a snowflake has 64 bits; {number} does not fit")
        return cls(number)

    @property
    def time(self) -> datetime:
        """When it was made, in UTC, to the millisecond."""
        return EPOCH + (self.id >> 22) * _MILLISECOND

    @property
    def worker(self) -> int:
        """The number of the worker that made it, 0 to 31."""
        return self.id >> 17 & 0x1F

    @property
    def process(self) -> int:
        """The number of the process that made it, 0 to 31."""
        return self.id >> 12 & 0x1F

    @property
    def increment(self) -> int:
        """Its number within its millisecond, 0 to 4095."""
        return self.id & 0xFFF

    def __str__(self) -> str:
        return str(self.id)

    def __int__(self) -> int:
        return self.id


def snowflake_time(value: str | int) -> datetime:
    """When this id was made, in UTC.

    Raises as `Snowflake.of`.
    """
    return Snowflake.of(value).time


def snowflake_at(moment: datetime, *, high: bool = False) -> int:
    """The lowest id of a moment's millisecond, or with `high` the highest: for "before" and "after" in a history.

    The moment has a time zone; one without would mean something else on each machine. Raises ValueError when it has
    none, or lies before 2015 or beyond the 42 bits (in the year 2154).
    """
    if moment.tzinfo is None:
        raise ValueError("moment: a time with a time zone expected, e.g. datetime.now(timezone.utc)")
    milliseconds = (moment - EPOCH) // _MILLISECOND
    if not 0 <= milliseconds < 1 << 42:
        raise ValueError(f"moment: 2015 to 2154 expected, {moment.isoformat()} given")
    return milliseconds << 22 | (0x3FFFFF if high else 0)
