"""The listeners a broker can have."""

from __future__ import annotations

import ssl

import pytest

from kafka.testing.broker.security.listeners import Listener, checked

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


@pytest.mark.parametrize(
    ("listener", "protocol"),
    [
        (Listener(), "PLAINTEXT"),
        (Listener("A", tls=TLS), "SSL"),
        (Listener("A", mechanisms=("PLAIN",)), "SASL_PLAINTEXT"),
        (Listener("A", tls=TLS, mechanisms=("PLAIN",)), "SASL_SSL"),
    ],
)
def test_what_a_listener_wants_names_its_protocol(listener: Listener, protocol: str) -> None:
    assert listener.protocol == protocol


@pytest.mark.parametrize(
    ("listeners", "text"),
    [
        ([], "needs a listener"),
        ([Listener("A"), Listener("A")], "same name"),
        ([Listener("A", mechanisms=("GSSAPI",))], "no mechanism 'GSSAPI'"),
    ],
)
def test_listeners_that_cannot_be_are_refused(listeners: list[Listener], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        checked(listeners)
