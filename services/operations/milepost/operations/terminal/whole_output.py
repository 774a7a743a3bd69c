"""Output that comes whole, in a container too.

With `PYTHONUNBUFFERED` Python writes a text by one call of the system, and believes that it took
all: where a signal comes while a pipe is full, the rest is lost and nobody is told.
"""

import io
from typing import TextIO


class _Whole(io.TextIOWrapper):
    def __init__(self, stream: TextIO, raw: io.RawIOBase) -> None:
        super().__init__(
            io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=True
        )
        self._unbuffered = stream  # it would close what is written to, if it were let go


def whole(stream: TextIO) -> TextIO:
    """The same stream; what is written goes on until all is out, and a line goes out at once."""
    raw = getattr(stream, "buffer", None)
    return _Whole(stream, raw) if isinstance(raw, io.RawIOBase) else stream
