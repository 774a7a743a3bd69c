"""What a school may be called."""

import re

from milepost.events.log import TENANT_PATTERN
from milepost.operations.trouble import Trouble


def require_tenant(name: str) -> str:
    """The same name. Raises `Trouble`."""
    if re.match(TENANT_PATTERN, name):
        return name
    raise Trouble(f"{name!r} cannot be a school: up to 64 of A to Z, a to z, 0 to 9, - and _.")
