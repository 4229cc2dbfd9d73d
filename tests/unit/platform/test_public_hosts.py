"""Which addresses count as the internet's."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.providers.public_hosts import HttpsUrl, is_public

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255"),
    *("192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::169.254.169.254", "2002:a00:1::", "2001:db8::1", "fd00:ec2::254"),
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_address_in_another_dress_is_the_same(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for dressed in (
        f"::ffff:{address}",
        str(ipaddress.IPv6Address((0x0064FF9B << 96) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
    ):
        assert is_public(dressed) == is_public(str(address))


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            parsed = HttpsUrl.parse(url)
        except ValueError:
            continue
        assert parsed.host
        assert parsed.target.startswith("/")
        assert parsed.target.isascii()
