"""Networks that cannot contain a customer's server.

IANA's registries as of 2026-11, and a few networks that only clouds use:
  https://www.iana.org/assignments/iana-ipv4-special-registry
  https://www.iana.org/assignments/iana-ipv6-special-registry
They are listed here because Python's `is_global` differs between patch releases.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

IPV4: Final = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' own
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host
        "169.254.0.0/16",  # link-local, where clouds keep credentials
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with 255.255.255.255
    )
)
# IPv6 assigns unicast addresses only from this network. Loopback, fc00::/7, fe80::/10, fec0::/10,
# ff00::/8, 100::/64, 5f00::/16, ::/96 and all unassigned networks are outside it.
UNICAST: Final = IPv6Network("2000::/3")
IPV6: Final = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments, with Teredo and ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which leads to any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# IPv4 addresses inside IPv6 addresses (RFC 4291, RFC 6052): the IPv4 address decides.
MAPPED: Final = IPv6Network("::ffff:0:0/96")
NAT64: Final = IPv6Network("64:ff9b::/96")


def is_special(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is not the public address of one server."""
    if isinstance(address, IPv6Address):
        if address in MAPPED or address in NAT64:
            return is_special(IPv4Address(int(address) & 0xFFFF_FFFF))
        return address not in UNICAST or _is_in(address, IPV6)
    return _is_in(address, IPV4)


def _is_in(
    address: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]
) -> bool:
    return any(address in each for each in networks)
