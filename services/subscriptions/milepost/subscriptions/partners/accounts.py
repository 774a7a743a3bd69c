"""The accounts of subscribers in NATS: the file that its configuration includes.

    MILEPOST                         the stream, Milepost's own user; exports what a consumer needs
    subscriber_<tenant>_<name>       one account per subscriber: imports that of its own consumer

What a subscriber publishes, and what it wants answers sent to, stays in its own account. There is
no stream there, no other subscriber and no answer to anybody else: so it cannot reach `milepost.>`
by any subject, not even as the reply to a question. It makes no consumers either: Milepost does.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from milepost.events.nats.jetstream import STREAM
from milepost.events.relay.republish import STREAM as REPUBLISHED

# Milepost's own account. Its user has the same name in lower case.
HOME = "MILEPOST"
# Where subscribers find JetStream: their own account answers `$JS.API` that it has none.
DOMAIN = "MILEPOST"
STREAMS = (STREAM, REPUBLISHED)
PREFIX = "subscriber_"
CONNECTIONS = 16

EXPORTS = tuple(
    f'{{ service: "{subject}", response_type: stream }}'
    for stream in STREAMS
    for subject in (
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
        f"$JS.API.CONSUMER.INFO.{stream}.*",
        f"$JS.ACK.{stream}.>",
    )
)
EMPTY = "# The accounts of subscribers in NATS. Milepost writes this file: change nothing here.\n"


class User(msgspec.Struct, frozen=True):
    """`digest` is bcrypt's; `until`: when it stops to be valid, if it does."""

    key: str
    digest: str
    until: datetime | None = None


class Account(msgspec.Struct, frozen=True):
    tenant: str
    name: str
    users: Sequence[User]

    @property
    def id(self) -> str:
        return account_id(self.tenant, self.name)


def account_id(tenant: str, name: str) -> str:
    """Of the account, of the durable consumer, and what users' names begin with.

    No name has a `_`, so no two subscribers have the same.
    """
    return f"{PREFIX}{tenant}_{name}"


def user_name(tenant: str, name: str, key: str) -> str:
    return f"{account_id(tenant, name)}_{key}"


def replay_subject(tenant: str, name: str) -> str:
    """Where it gets again what it asks for."""
    return f"republish.{tenant}.{name}"


def rendered(accounts: Iterable[Account], now: datetime) -> str:
    """The file, in order; users whose time is over are left out."""
    ordered = sorted(accounts, key=lambda one: one.id)
    return EMPTY + "".join(_block(one, now) for one in ordered)


def _block(account: Account, now: datetime) -> str:
    own = account.id
    users = [one for one in account.users if one.until is None or now < one.until]
    lines = [
        f'"{own}": {{',
        f"  limits: {{ max_connections: {CONNECTIONS}, max_subscriptions: 100 }}",
        "  imports: [",
        *(f"    {one}" for one in _imports(own)),
        "  ]",
        "  users: [",
        *(f"    {_user(own, one)}" for one in users),
        "  ]",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _imports(own: str) -> Iterator[str]:
    for stream in STREAMS:
        for asked in ("MSG.NEXT", "INFO"):
            end = f"API.CONSUMER.{asked}.{stream}.{own}"
            source = f'{{ account: {HOME}, subject: "$JS.{end}" }}'
            yield f'{{ service: {source}, to: "$JS.{DOMAIN}.{end}" }}'
        yield f'{{ service: {{ account: {HOME}, subject: "$JS.ACK.{stream}.{own}.>" }} }}'


def _user(own: str, user: User) -> str:
    """Its account lets it reach nobody; these keep it from being a bus for others."""
    api = f"$JS.{DOMAIN}.API.CONSUMER"
    subjects = (f"{api}.MSG.NEXT.*.{own}", f"{api}.INFO.*.{own}", f"$JS.ACK.*.{own}.>")
    publish = ", ".join(f'"{one}"' for one in subjects)
    may = f'{{ publish: [{publish}], subscribe: ["_INBOX.>"] }}'
    return f'{{ user: "{own}_{user.key}", password: "{user.digest}", permissions: {may} }}'
