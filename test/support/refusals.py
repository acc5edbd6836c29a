"""What can be wrong between a client and a broker with TLS and SASL, and what is to be said of it.

Job: one table for the embedded cluster and for real Apache Kafka. A row breaks one thing.
Limits: what happens in bootstrap; `test.support.wrong_options` is about options alone.
"""

from __future__ import annotations

import ssl
import time
from datetime import timedelta
from typing import Final, NamedTuple

from kafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    NoBrokersAvailable,
    SaslAuthenticationFailedError,
    TlsError,
    TlsVerificationError,
    UnsupportedSaslMechanismError,
)
from test.support.certificates import DAY
from test.support.pki import OTHER_NAME, USER, Pki
from test.support.sasl import unsecured_jwt
from test.support.security_options import (
    Making,
    Options,
    Provider,
    bearer,
    good_token,
    sasl,
    sasl_tls,
    tls,
)


class Said(NamedTuple):
    """What a client says: the class of the error, and words of its text."""

    error: type[KafkaError]
    words: tuple[str, ...]


class Refusal(NamedTuple):
    """Something that is wrong.

    Attributes:
        name: of the row.
        listener: where the client goes; see `test.support.pki.LISTENERS`.
        options: of the client.
        error: the class of the error.
        words: what its text says, in any case, besides the address.
        cause: the class of its ``__cause__``; ``None`` if that does not matter.
        embedded: what is different with the embedded cluster, whose TLS is asyncio's: that hangs
            up where others say why.
        only_kafka: the embedded cluster cannot show it.
    """

    name: str
    listener: str
    options: Making
    error: type[KafkaError]
    words: tuple[str, ...]
    cause: type[BaseException] | None = None
    embedded: Said | None = None
    only_kafka: bool = False

    def on_embedded(self) -> Refusal:
        """Return what the embedded cluster makes of it."""
        if self.embedded is None:
            return self
        return self._replace(error=self.embedded.error, words=self.embedded.words)


def _old_context(pki: Pki) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _expired_client(pki: Pki) -> Options:
    credential = pki.authority.issue("late", hosts=[], starts=-2 * DAY, ends=timedelta(hours=-1))
    files = pki.write(credential)
    return tls(pki, ssl_certfile=files.certificate, ssl_keyfile=files.key)


def _strange_client(pki: Pki) -> Options:
    files = pki.client_of(pki.stranger, "strange")
    return tls(pki, ssl_certfile=files.certificate, ssl_keyfile=files.key)


def _wrong_scram(mechanism: str) -> Making:
    return lambda pki: sasl(mechanism, sasl_plain_password="wrong-scram-pw")


def _away() -> str:
    raise LookupError("the password store is away")


_SUBJECT: Final = "CN=broker"
# TLS 1.3 refuses a client after its side of the handshake.
_AFTER_TLS: Final = Said(
    NoBrokersAvailable, ("hangs up", "after the TLS handshake", "ssl_certfile")
)


def _refused(name: str, listener: str, *words: str) -> Refusal:
    """Return the refusal of a broker's certificate by a client that trusts the authority."""
    return Refusal(name, listener, tls, TlsVerificationError, words)


CERTIFICATES: Final = [
    _refused("expired", "EXPIRED", "certificate has expired", _SUBJECT),
    _refused("not-yet-valid", "EARLY", "certificate is not yet valid", _SUBJECT),
    _refused(
        "other-name",
        "WRONGNAME",
        OTHER_NAME,
        "IP address mismatch",
        "127.0.0.1",
        "ssl_check_hostname",
    ),
    _refused("no-address", "BYNAME", "localhost", "127.0.0.1"),
    Refusal(
        "server-hostname",
        "TLS",
        lambda pki: tls(pki, ssl_server_hostname=OTHER_NAME),
        TlsVerificationError,
        (OTHER_NAME, "Hostname mismatch", "ssl_server_hostname"),
    ),
    Refusal(
        "revoked",
        "REVOKED",
        lambda pki: tls(pki, ssl_crlfile=pki.crl),
        TlsVerificationError,
        ("certificate revoked", _SUBJECT, "ssl_crlfile"),
    ),
    _refused("self-signed", "SELFSIGNED", "self-signed certificate", "ssl_cafile"),
    _refused(
        "other-authority",
        "STRANGER",
        "unable to get local issuer certificate",
        "Stranger",
        "ssl_cafile",
    ),
    _refused("no-chain", "NOCHAIN", "Test intermediate", "ssl_cafile"),
    _refused("weak-key", "WEAK", "key too weak", "ssl_ciphers"),
    Refusal(
        "for-clients", "CLIENTONLY", tls, TlsVerificationError, ("unsuitable certificate purpose",)
    ),
    Refusal(
        "system-authorities",
        "TLS",
        lambda pki: {"security_protocol": "SSL"},
        TlsVerificationError,
        ("Test CA", "ssl_cafile"),
    ),
    Refusal(
        "no-client-certificate",
        "MTLS",
        tls,
        TlsError,
        ("TLS alert bad certificate", "ssl_certfile"),
        embedded=_AFTER_TLS,
    ),
    Refusal(
        "no-client-certificate-1.2",
        "MTLS12",
        tls,
        TlsError,
        ("ssl_certfile",),
        only_kafka=True,
    ),
    Refusal(
        "client-of-a-stranger",
        "MTLS",
        _strange_client,
        TlsError,
        ("ssl_certfile",),
        embedded=_AFTER_TLS,
    ),
    Refusal(
        "client-expired",
        "MTLS",
        _expired_client,
        TlsError,
        ("ssl_certfile",),
        embedded=_AFTER_TLS,
    ),
    Refusal(
        "older-tls",
        "TLS12",
        lambda pki: tls(pki, ssl_min_version="TLSv1.3"),
        TlsError,
        ("TLS alert protocol version", "ssl_min_version"),
        only_kafka=True,
    ),
    Refusal(
        "newer-tls",
        "TLS13",
        lambda pki: {"security_protocol": "SSL", "ssl_context": _old_context(pki)},
        TlsError,
        ("protocol version",),
        only_kafka=True,
    ),
    Refusal(
        "no-cipher",
        "TLS12",
        # The broker's key is for ECDSA.
        lambda pki: tls(pki, ssl_ciphers="ECDHE-RSA-AES256-GCM-SHA384"),
        TlsError,
        ("TLS alert handshake failure", "ssl_ciphers"),
        only_kafka=True,
    ),
]
SASL: Final = [
    Refusal(
        "plain-password",
        "SASL",
        lambda pki: sasl("PLAIN", sasl_plain_password="wrong-plain-pw"),
        SaslAuthenticationFailedError,
        ("PLAIN", "Invalid username or password"),
    ),
    Refusal(
        "plain-user",
        "SASL",
        lambda pki: sasl("PLAIN", sasl_plain_username="nobody"),
        SaslAuthenticationFailedError,
        ("PLAIN", "Invalid username or password"),
    ),
    Refusal(
        "plain-password-tls",
        "SASLTLS",
        lambda pki: sasl_tls(pki, sasl("PLAIN", sasl_plain_password="wrong-plain-pw")),
        SaslAuthenticationFailedError,
        ("PLAIN", "Invalid username or password"),
    ),
    *(
        Refusal(
            f"scram-{number}-password",
            "SASL",
            _wrong_scram(f"SCRAM-SHA-{number}"),
            SaslAuthenticationFailedError,
            (f"SCRAM-SHA-{number}", "invalid credentials"),
        )
        for number in (256, 512)
    ),
    Refusal(
        "scram-user",
        "SASLTLS",
        lambda pki: sasl_tls(pki, sasl("SCRAM-SHA-256", sasl_plain_username="nobody")),
        SaslAuthenticationFailedError,
        ("SCRAM-SHA-256",),
    ),
    Refusal(
        "plain-only",
        "PLAINONLY",
        lambda pki: sasl("SCRAM-SHA-512"),
        UnsupportedSaslMechanismError,
        ("SCRAM-SHA-512", "offers PLAIN", "sasl_mechanism"),
    ),
    Refusal(
        "bearer-expired",
        "SASL",
        lambda pki: bearer(Provider(unsecured_jwt(USER, time.time() - 3600))),
        SaslAuthenticationFailedError,
        ("OAUTHBEARER",),
    ),
    Refusal(
        "bearer-unsigned",
        "SIGNED",
        lambda pki: sasl_tls(pki, bearer(Provider(good_token()))),
        SaslAuthenticationFailedError,
        ("OAUTHBEARER", "invalid_token"),
    ),
    Refusal(
        "bearer-is-no-token",
        "SASL",
        lambda pki: bearer(Provider("no-jwt-at-all")),
        SaslAuthenticationFailedError,
        ("OAUTHBEARER",),
    ),
    Refusal(
        "password-function-raises",
        "SASL",
        lambda pki: sasl("PLAIN", sasl_plain_password=_away),
        SaslAuthenticationFailedError,
        ("PLAIN", "sasl_plain_password: the function raised", "the password store is away"),
        LookupError,
    ),
    Refusal(
        "provider-raises",
        "SASL",
        lambda pki: bearer(Provider(LookupError("the token service is away"))),
        SaslAuthenticationFailedError,
        (
            "OAUTHBEARER",
            "sasl_oauth_token_provider: token() raised",
            "the token service is away",
        ),
        LookupError,
    ),
    Refusal(
        "provider-returns-nothing",
        "SASL",
        lambda pki: bearer(Provider(None)),
        SaslAuthenticationFailedError,
        ("OAUTHBEARER", "sasl_oauth_token_provider"),
    ),
    Refusal(
        "bad-extension",
        "SASL",
        lambda pki: bearer(Provider(good_token(), {"tenant 7": "x"})),
        SaslAuthenticationFailedError,
        ("OAUTHBEARER", "extension"),
    ),
]
_SPEAKS_TLS: Final = ("the port speaks TLS", "security_protocol is")
_MAY_SPEAK_TLS: Final = Said(NoBrokersAvailable, ("hangs up", "a TLS", "security_protocol is"))
_WANTS_SASL: Final = ("the listener may require SASL", "security_protocol is")
_NO_SASL: Final = ("no SASL", "security_protocol")
_NO_TLS: Final = ("does not speak TLS", "security_protocol")
PORTS: Final = [
    *(
        Refusal(name, listener, options, NoBrokersAvailable, _SPEAKS_TLS, embedded=_MAY_SPEAK_TLS)
        for name, listener, options in (
            ("plaintext-to-tls", "TLS", lambda pki: {}),
            ("plaintext-to-sasl-tls", "SASLTLS", lambda pki: {}),
            ("sasl-to-tls", "TLS", lambda pki: sasl("PLAIN")),
            ("sasl-to-sasl-tls", "SASLTLS", lambda pki: sasl("PLAIN")),
        )
    ),
    *(
        Refusal(name, listener, options, TlsError, _NO_TLS)
        for name, listener, options in (
            ("tls-to-plaintext", "PLAINTEXT", tls),
            ("tls-to-sasl", "SASL", tls),
            ("sasl-tls-to-plaintext", "PLAINTEXT", lambda pki: sasl_tls(pki, sasl("PLAIN"))),
            ("sasl-tls-to-sasl", "SASL", lambda pki: sasl_tls(pki, sasl("PLAIN"))),
        )
    ),
    Refusal("plaintext-to-sasl", "SASL", lambda pki: {}, NoBrokersAvailable, _WANTS_SASL),
    Refusal("tls-to-sasl-tls", "SASLTLS", tls, NoBrokersAvailable, _WANTS_SASL),
    Refusal(
        "sasl-to-plaintext", "PLAINTEXT", lambda pki: sasl("PLAIN"), IllegalSaslStateError, _NO_SASL
    ),
    Refusal(
        "sasl-tls-to-tls",
        "TLS",
        lambda pki: sasl_tls(pki, sasl("PLAIN")),
        IllegalSaslStateError,
        _NO_SASL,
    ),
]
REFUSALS: Final = [*CERTIFICATES, *SASL, *PORTS]
