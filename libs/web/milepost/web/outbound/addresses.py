"""Which addresses belong to the internet at large: the only ones that a stranger may name. Pure.

`ipaddress.is_global` alone is not enough: it says yes to NAT64 (64:ff9b::7f00:1 is 127.0.0.1), on
some Pythons to 6to4, and to multicast. So an address that carries another is judged by that one.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052; 64:ff9b:1::/48 is for local use
_TEREDO: Final = IPv6Network("2001::/32")
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214: the last 32 bits are an IPv4 address
# Not on every Python's list, or on none: IETF protocols, documentation, the old 6to4 relays, and
# what answers inside of every Azure machine.
_NOT_PUBLIC: Final = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("2001::/23"),
    IPv6Network("3fff::/20"),
)


def is_public(address: str) -> bool:
    """False also for what is no address, or has a zone (`fe80::1%eth0`)."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return _v4(found) if isinstance(found, IPv4Address) else _v6(found)


def _v4(address: IPv4Address) -> bool:
    listed = any(address in network for network in _NOT_PUBLIC if network.version == 4)
    return address.is_global and not (listed or address.is_multicast or address.is_reserved)


def _v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if (carried := _carried(address)) is not None:
        return all(map(_v4, carried))
    listed = any(address in network for network in _NOT_PUBLIC if network.version == 6)
    return address in _UNICAST and address.is_global and not listed


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...] | None:
    """The IPv4 addresses that packets to this one may end at; None: it stands for itself."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _TEREDO and address.teredo is not None:
        return address.teredo  # the server, and the client behind it
    if address.sixtofour is not None:
        return (address.sixtofour,)
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _NAT64:
        return (last,)
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return (last,)
    return None
