"""Options of TLS and SASL that are wrong in themselves, and what is to be said of them."""

from __future__ import annotations

import ssl
from typing import Final, NamedTuple

from kafka.errors import KafkaConfigurationError
from test.support.pki import Pki
from test.support.security_options import Making, Options, bearer, sasl, tls


class WrongOption(NamedTuple):
    """Options that are wrong in themselves.

    Attributes:
        name: of the row.
        options: of the client.
        words: what the error says.
    """

    name: str
    options: Making
    words: tuple[str, ...]


def _other_key(pki: Pki) -> Options:
    other = pki.client_of(pki.authority, "other")
    return tls(pki, ssl_certfile=pki.client.certificate, ssl_keyfile=other.key)


def _encrypted(pki: Pki, **more: str) -> Options:
    files = pki.encrypted_client()
    return tls(pki, ssl_certfile=files.certificate, ssl_keyfile=files.key, **more)


WRONG_OPTIONS: Final = [
    WrongOption("protocol", lambda pki: {"security_protocol": "TLS"}, ("security_protocol", "SSL")),
    WrongOption("mechanism", lambda pki: sasl("SCRAM-SHA-1"), ("sasl_mechanism", "SCRAM-SHA-256")),
    WrongOption("gssapi", lambda pki: sasl("GSSAPI"), ("GSSAPI", "not part of this release")),
    WrongOption(
        "no-mechanism",
        lambda pki: {"security_protocol": "SASL_SSL"},
        ("SASL_SSL", "sasl_mechanism"),
    ),
    WrongOption(
        "no-user", lambda pki: sasl("PLAIN", sasl_plain_username=None), ("sasl_plain_username",)
    ),
    WrongOption(
        "no-password",
        lambda pki: sasl("SCRAM-SHA-256", sasl_plain_password=None),
        ("sasl_plain_password",),
    ),
    WrongOption("no-provider", lambda pki: bearer(None), ("sasl_oauth_token_provider",)),
    WrongOption(
        "few-iterations",
        lambda pki: sasl("SCRAM-SHA-256", sasl_scram_max_iterations=100),
        ("sasl_scram_max_iterations", "4096"),
    ),
    WrongOption(
        "many-iterations",
        lambda pki: sasl("SCRAM-SHA-256", sasl_scram_max_iterations=2**31),
        ("sasl_scram_max_iterations", "2147483647", "2147483648"),
    ),
    WrongOption(
        "ca-is-missing",
        lambda pki: tls(pki, ssl_cafile="/nowhere/ca.pem"),
        ("ssl_cafile", "/nowhere/ca.pem", "No such file"),
    ),
    WrongOption(
        "ca-is-no-certificate",
        lambda pki: tls(pki, ssl_cafile=pki.client.key),
        ("ssl_cafile", "client.key"),
    ),
    WrongOption(
        "certificate-is-missing",
        lambda pki: tls(pki, ssl_certfile="/nowhere/me.pem", ssl_keyfile=pki.client.key),
        ("ssl_certfile", "/nowhere/me.pem"),
    ),
    WrongOption(
        "key-is-missing",
        lambda pki: tls(pki, ssl_certfile=pki.client.certificate, ssl_keyfile="/nowhere/me.key"),
        ("ssl_keyfile", "/nowhere/me.key"),
    ),
    WrongOption("key-alone", lambda pki: tls(pki, ssl_keyfile=pki.client.key), ("ssl_certfile",)),
    WrongOption("key-of-another", _other_key, ("ssl_keyfile", "ssl_certfile")),
    WrongOption(
        "key-password",
        lambda pki: _encrypted(pki, ssl_password="wrong-key-pw"),
        ("ssl_password", "client.key"),
    ),
    WrongOption("no-key-password", _encrypted, ("ssl_password", "client.key")),
    WrongOption(
        "crl-is-missing",
        lambda pki: tls(pki, ssl_crlfile="/nowhere/crl.pem"),
        ("ssl_crlfile", "/nowhere/crl.pem"),
    ),
    WrongOption(
        "crl-is-a-certificate",
        lambda pki: tls(pki, ssl_crlfile=pki.client.key),
        ("ssl_crlfile", "client.key"),
    ),
    WrongOption("ciphers", lambda pki: tls(pki, ssl_ciphers="ROT13"), ("ssl_ciphers", "ROT13")),
    WrongOption(
        "ciphers-of-tls-1.3",
        lambda pki: tls(pki, ssl_ciphers="TLS_AES_256_GCM_SHA384"),
        ("ssl_ciphers", "TLS 1.2 only", "always on"),
    ),
    WrongOption(
        "context-of-a-server",
        lambda pki: {
            "security_protocol": "SSL",
            "ssl_context": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        },
        ("ssl_context", "PROTOCOL_TLS_SERVER", "create_default_context"),
    ),
    WrongOption(
        "tls-version", lambda pki: tls(pki, ssl_min_version="TLSv1.1"), ("ssl_min_version",)
    ),
    WrongOption(
        "misspelt", lambda pki: tls(pki, ssl_ca_file=pki.ca), ("ssl_ca_file", "ssl_cafile")
    ),
]
#: The class of every error about options.
WRONG: Final = KafkaConfigurationError
