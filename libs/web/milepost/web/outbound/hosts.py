"""Hosts that an operator names: `badges.example.edu, *.example.org, keys.internal:8443`."""

import re
from typing import Final

import msgspec

ANY: Final = "*"
MAX_HOSTS: Final = 100
_NAME: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST: Final = re.compile(
    rf"(?:\*\.)?{_NAME}(?:\.{_NAME})*(?::[0-9]{{1,5}})?|\[[0-9a-f:.]+\](?::[0-9]{{1,5}})?"
)


class Hosts(msgspec.Struct, frozen=True):
    """None by default. A name stands for itself on any port, with `:PORT` for that one alone,
    `*.NAME` for every name below it, `*` for all.
    """

    patterns: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str) -> "Hosts":
        """Separated by commas. Raises `ValueError` that names what is no host."""
        patterns = frozenset(filter(None, (part.strip().lower() for part in text.split(","))))
        for one in sorted(patterns - {ANY}):
            if not _HOST.fullmatch(one):
                raise ValueError(f"{one!r} is no host; expected NAME, NAME:PORT, *.NAME or *")
        if len(patterns) > MAX_HOSTS:
            raise ValueError(f"at most {MAX_HOSTS} hosts")
        return cls(patterns)

    def allow(self, host: str, port: int) -> bool:
        """`host` as in a URL that was parsed: small letters, IDNs in punycode, no brackets."""
        if ANY in self.patterns:
            return True
        name = f"[{host}]" if ":" in host else host.rstrip(".")
        parents = name.split(".")[1:] if ":" not in host else ()
        names = [name, *("*." + ".".join(parents[n:]) for n in range(len(parents)))]
        return any(one in self.patterns or f"{one}:{port}" in self.patterns for one in names)
