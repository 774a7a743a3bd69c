"""New ids: UUIDv7, so that what is written together stands together in an index."""

from uuid import UUID

import uuid_utils
from asyncpg.pgproto import pgproto


def new_id() -> UUID:
    # asyncpg's own UUID: a subclass of the standard one, six times as quick to make.
    return pgproto.UUID(uuid_utils.uuid7().bytes)
