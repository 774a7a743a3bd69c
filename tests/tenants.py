"""Names of schools that nothing has happened at."""

from uuid import uuid4


def new_tenant() -> str:
    return f"t-{uuid4().hex[:12]}"
