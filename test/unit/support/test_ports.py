"""Reserved ports: distinct, free, and nobody else's while the lease lasts."""

import socket

import pytest

from test.support.ports import PortLease, is_free


def test_ports_of_a_lease_differ() -> None:
    with PortLease(5) as lease:
        assert len(set(lease.ports)) == 5


def test_two_leases_never_share_a_port() -> None:
    with PortLease(1) as first, PortLease(1, [*first.ports, *range(20_000, 21_000)]) as second:
        assert first.ports != second.ports


def test_port_in_use_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(OSError, match="only 0 of 1"):
            PortLease(1, [taken])


def test_closed_lease_gives_its_port_back() -> None:
    with PortLease(1) as first:
        port = first.ports[0]
    with PortLease(1, [port]) as second:
        assert second.ports == (port,)


def test_listening_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])
