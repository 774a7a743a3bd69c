"""Each bound of a size: where it is enforced, and what it must not be larger than."""

from docs.tables.markdown import table

from milepost.events.sizes import KIB, MIB, RELATIONS, TABLE


def sizes() -> str:
    larger = {
        one.name: ", ".join(other.larger for other in RELATIONS if other.smaller == one.name)
        for one in TABLE
    }
    rows = [(one.name, _told(one.bytes), one.enforced, larger[one.name]) for one in TABLE]
    return table(("of a", "at most", "enforced", "no larger than"), rows)


def _told(size: int) -> str:
    unit, name = (MIB, "MiB") if size >= MIB else (KIB, "KiB")
    return f"{size // unit} {name}" if size % unit == 0 else f"{size:,} bytes"
