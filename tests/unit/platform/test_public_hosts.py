"""Tests of the distinction between public and internal addresses."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.providers.public_hosts import HttpsUrl, is_public

# The first, the last and a middle address of each special network and of its embeddings.
PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "0.255.255.255", "10.0.0.0", "10.1.2.3", "10.255.255.255"),
    *("100.64.0.0", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255"),
    *("172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.192", "192.0.0.255"),
    *("192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.0", "192.88.99.1", "192.88.99.255"),
    *("192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.255", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.254", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "::ffff:192.88.99.1", "::ffff:0:8.8.8.8"),
    *("64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "64:ff9b:1::8.8.8.8"),
    *("100::1", "100:0:0:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1"),
    *("2001:10::1", "2001:20::1", "2001:db8::1", "2002::", "2002:a00:1::", "2002:808:808::"),
    *("2002:7f00:1::1", "2620:4f:8000::1", "3fff::1", "3fff:fff:ffff::1", "4000::1", "5f00::1"),
    *("fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1"),
    *("fec0::1", "feff:ffff::1", "ff02::1", "ff0e::1", "ffff::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255"),
    *("100.128.0.0", "126.255.255.255", "128.0.0.1", "168.63.129.17", "169.253.255.255"),
    *("172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.1", "192.88.98.255"),
    *("192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
    *("223.255.255.255", "2606:2800:220:1::1", "2001:4860:4860::8888", "2a00:1450:4001::1"),
    *("2003::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
]
# Hosts that are refused when a URL is stored and when it is called.
NO_PUBLIC_HOSTS = [
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "intranet", "db", "db.", "x"),
    *("printer.local", "printer.local.", "db.internal", "db.INTERNAL", "nas.lan", "x.home.arpa"),
    *("host.localdomain", "x.test", "x.invalid", "x.onion", "x.corp", "1.0.0.127.in-addr.arpa"),
    *("127.0.0.1", "127.1", "127.0.0.1.", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001"),
    *("2130706433", "0", "169.254.169.254", "0xa9fea9fe", "10.0.0.1", "192.88.99.1"),
    *("255.255.255.255", "1.2.3.256", "1.2.3.4.5", "999", "0x", "a.0x7f", "a.123"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fec0::1]", "[fe80::1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "[fe80::1%25eth0]", "[::7f00:1]"),
    *("a..example.com", "-a.example.com", "a-.example.com", "%6c%6fcalhost", "a%2eb.com", "."),
    *("..", "a.com..", f"{'a' * 64}.com", f"{'a.' * 130}com", "ex*mple.com", "a,b.com", "a b.com"),
    *("[2a00:1450::1%1]", "[2a00:1450::1%25eth0]", "[::ffff:8.8.8.8].com", "[8.8.8.8]", "[v1.a]"),
]
PUBLIC_HOSTS = [
    *("hooks.example.com", "Hooks.Example.COM", "hooks.example.com.", "a-b.c1.co.uk", "x.io"),
    *("_dmarc.example.com", "xn--bcher-kva.example", "example.xn--p1ai", "3com.com", "0x7f.com"),
    *(
        "1.2.3.com",
        "8.8.8.8",
        "[2606:2800:220:1::1]",
        "localhost.example.com",
        "internal.example.com",
    ),
]


@pytest.mark.parametrize("host", NO_PUBLIC_HOSTS)
@pytest.mark.parametrize("port", ["", ":8443"])
def test_host_that_cannot_be_public_is_refused_by_its_name(host: str, port: str) -> None:
    with pytest.raises(ValueError, match=r"host|URL|brackets"):
        HttpsUrl.parse(f"https://{host}{port}/hook")


@pytest.mark.parametrize("host", PUBLIC_HOSTS)
def test_public_host_is_accepted(host: str) -> None:
    assert HttpsUrl.parse(f"https://{host}/hook").host == host.strip("[]").lower()


@pytest.mark.parametrize("address", PRIVATE)
def test_internal_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_internet_address_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_other_spelling_of_an_address_is_the_same(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for dressed in (f"::ffff:{address}", str(ipaddress.IPv6Address((0x0064FF9B << 96) | number))):
        assert is_public(dressed) == is_public(str(address))
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))))


@given(st.ip_addresses())
def test_address_that_python_calls_private_is_not_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_private:
        assert not is_public(str(address))


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            parsed = HttpsUrl.parse(url)
        except ValueError:
            continue
        assert parsed.host
        assert parsed.target.startswith("/")
        assert parsed.target.isascii()
