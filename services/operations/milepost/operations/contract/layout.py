"""JSON to be read and compared by people: what fits into a line stands in one."""

import json
from typing import Any

WIDTH = 100


def laid_out(value: Any, indent: int = 0) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list) or len(flat) + indent <= WIDTH:
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        opened, closed = "{", "}"
        lines = [f"{json.dumps(key)}: {laid_out(one, indent + 1)}" for key, one in value.items()]
    else:
        opened, closed = "[", "]"
        lines = [laid_out(one, indent + 1) for one in value]
    return opened + "\n" + ",\n".join(pad + line for line in lines) + "\n" + " " * indent + closed


def file_text(value: Any) -> str:
    return laid_out(value) + "\n"
