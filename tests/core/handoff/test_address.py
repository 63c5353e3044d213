"""Addresses as people write them."""

import pytest

from wfdash.core.handoff.address import Address, AddressError, parse_address, parse_instance

ACCOUNT = "0123456789abcdef0123456789abcdef"
URL = f"https://dash.cloudflare.com/{ACCOUNT}/workers/workflows/orders"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("orders", Address(word="orders")),
        ("orders/", Address(workflow="orders")),
        ("orders/order-1", Address(workflow="orders", instance="order-1")),
        (
            "orders/*/30 * * * *-1786001400000",
            Address(workflow="orders", instance="*/30 * * * *-1786001400000"),
        ),
        ("*/30 * * * *-1786001400000", Address(word="*/30 * * * *-1786001400000")),
        ("0/5 * * * *-1786001400000", Address(word="0/5 * * * *-1786001400000")),
        (URL, Address(ACCOUNT, "orders")),
        (f"{URL}/instance/order-1", Address(ACCOUNT, "orders", "order-1")),
        (f"{URL}/instances/order-1/?x=1#top", Address(ACCOUNT, "orders", "order-1")),
        (f"{URL}/instance/%2A%2F30%20%2A-1786001400000", Address(ACCOUNT, "orders", "*/30 *-1786001400000")),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", " ", "https://evil.example/a/workers/workflows/b", URL.replace("https", "http"), "https://["]
)
def test_what_is_no_address(text):
    with pytest.raises(AddressError):
        parse_address(text)


def test_an_instance_is_an_id_whatever_it_holds_or_a_url():
    assert parse_instance("0/5 * * * *-1786001400000") == Address(instance="0/5 * * * *-1786001400000")
    assert parse_instance("a/b") == Address(instance="a/b")
    assert parse_instance(f"{URL}/instance/order-1") == Address(ACCOUNT, "orders", "order-1")
    with pytest.raises(AddressError):
        parse_instance(URL)
