"""The same request on a command line. `docs.js` makes it anew of what a reader has filled in."""

import shlex
from collections.abc import Mapping
from urllib.parse import quote

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`path` has its parameters in braces; `values` are theirs. `body` as it is sent; `file`: it
    is a file's. `token`: whether one is needed.
    """

    method: str
    path: str
    values: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str | None
    file: bool
    token: bool


def curl(call: Call, origin: str) -> str:
    """Lines for a shell, in which `$TOKEN` is the reader's own."""
    parts = [f"curl -sS -X {call.method} {shlex.quote(address(call, origin))}"]
    if call.token:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.file:
        parts.append("--data-binary @file")
    elif call.body is not None:
        parts.append(f"--data-raw {_quoted(call.body)}")
    return " \\\n  ".join(parts)


def address(call: Call, origin: str) -> str:
    path = call.path
    for name, value in call.values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in call.query.items())
    return f"{origin}{path}{'?' if query else ''}{query}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
