"""What a command prints arrives whole, however little of it the system takes at a time."""

import io

import typer

from milepost.operations.terminal.whole_output import whole


class Slow(io.RawIOBase):
    """As a pipe that is nearly full."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data, /) -> int:
        self.taken += bytes(data[:10])
        return min(len(data), 10)


def test_texts_and_bytes_come_whole_where_python_does_not_buffer():
    slow = Slow()
    unbuffered = io.TextIOWrapper(slow, "utf-8", write_through=True)  # type: ignore[type-var]
    stream = whole(unbuffered)
    del unbuffered
    typer.echo(100 * "ä", file=stream)
    typer.echo(100 * b"b", file=stream)
    assert slow.taken.decode() == 100 * "ä" + "\n" + 100 * "b" + "\n"


def test_what_is_buffered_stays_as_it_is():
    buffered = io.TextIOWrapper(io.BytesIO())
    assert whole(buffered) is buffered
