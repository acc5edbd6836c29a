"""The ways by which a client gets in: where it goes, and with which options."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from test.support.pki import KEY_PASSWORD, MECHANISMS, OTHER_NAME, USER, Pki
from test.support.security_options import Options, Provider, bearer, good_token, sasl, sasl_tls, tls

if TYPE_CHECKING:
    from collections.abc import Mapping


class Way(NamedTuple):
    """A listener, and the options that get a client in."""

    listener: str
    options: Callable[[Pki], Options]


def of_mechanism(mechanism: str) -> Options:
    """Return the options that authenticate `USER` without TLS."""
    return bearer(Provider(good_token())) if mechanism == "OAUTHBEARER" else sasl(mechanism)


def _context(pki: Pki) -> Options:
    context = ssl.create_default_context(cafile=pki.ca)
    return {"security_protocol": "SSL", "ssl_context": context}


def _text(path: str) -> str:
    return Path(path).read_text()


def _client(pki: Pki) -> Options:
    return tls(pki, ssl_certfile=pki.client.certificate, ssl_keyfile=pki.client.key)


def _client_in_text(pki: Pki) -> Options:
    certificate, key = map(_text, pki.client)
    return tls(pki, ssl_cafile=pki.authority.pem, ssl_certfile=certificate, ssl_keyfile=key)


def _client_in_one_file(pki: Pki) -> Options:
    whole = pki.directory / "whole.pem"
    whole.write_text("".join(map(_text, pki.client)))
    return tls(pki, ssl_certfile=str(whole))


def _careful_client(pki: Pki) -> Options:
    files = pki.encrypted_client()
    return tls(
        pki,
        ssl_certfile=files.certificate,
        ssl_keyfile=files.key,
        ssl_password=lambda: KEY_PASSWORD,
    )


def _signed(pki: Pki) -> Options:
    return sasl_tls(pki, bearer(Provider(pki.issuer.token(USER, time.time()))))


def _by_sasl(mechanism: str) -> Way:
    return Way("SASL", lambda pki: of_mechanism(mechanism))


def _by_sasl_tls(mechanism: str) -> Way:
    return Way("SASLTLS", lambda pki: sasl_tls(pki, of_mechanism(mechanism)))


WAYS: Final[Mapping[str, Way]] = {
    "tls": Way("TLS", tls),
    "tls-context": Way("TLS", _context),
    "tls-two-authorities": Way(
        "TLS", lambda pki: tls(pki, ssl_cafile=["system", pki.authority.pem])
    ),
    "tls-not-revoked": Way("TLS", lambda pki: tls(pki, ssl_crlfile=pki.crl)),
    "tls-chain": Way("CHAIN", tls),
    "tls-1.2": Way("TLS12", tls),
    "tls-1.3": Way("TLS13", lambda pki: tls(pki, ssl_min_version="TLSv1.3")),
    "tls-weak-key": Way("WEAK", lambda pki: tls(pki, ssl_ciphers="DEFAULT@SECLEVEL=1")),
    "tls-any-name": Way("WRONGNAME", lambda pki: tls(pki, ssl_check_hostname=False)),
    "tls-other-name": Way("WRONGNAME", lambda pki: tls(pki, ssl_server_hostname=OTHER_NAME)),
    "mtls": Way("MTLS", _client),
    "mtls-1.2": Way("MTLS12", _client),
    "mtls-text": Way("MTLS", _client_in_text),
    "mtls-one-file": Way("MTLS", _client_in_one_file),
    "mtls-encrypted": Way("MTLS", _careful_client),
    **{f"sasl-{name}": _by_sasl(name) for name in MECHANISMS},
    **{f"sasl-tls-{name}": _by_sasl_tls(name) for name in MECHANISMS},
    "signed-token": Way("SIGNED", _signed),
}
