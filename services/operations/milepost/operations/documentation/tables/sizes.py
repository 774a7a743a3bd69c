"""Each bound of a size: where it is enforced, and what it must not be larger than."""

from milepost.events.sizes import KIB, MIB, RELATIONS, TABLE
from milepost.operations.documentation.tables.markdown import table


def sizes() -> str:
    larger = {
        one.name: ", ".join(other.larger for other in RELATIONS if other.smaller == one.name)
        for one in TABLE
    }
    rows = [(one.name, _size_words(one.bytes), one.enforced, larger[one.name]) for one in TABLE]
    return table(("of a", "at most", "enforced", "no larger than"), rows)


def _size_words(size: int) -> str:
    unit, name = (MIB, "MiB") if size >= MIB else (KIB, "KiB")
    return f"{size // unit} {name}" if size % unit == 0 else f"{size:,} bytes"
