"""TLS: the context made of the options, and what an error of OpenSSL means.

`kafka.net.sockets` shakes hands. Files are read once, in the constructor of a client, so whatever
is wrong with them is found there.
"""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.logs import logger
from kafka._base.secret import revealed
from kafka.config.security import SYSTEM
from kafka.errors import (
    KafkaConfigurationError,
    KafkaConnectionError,
    TlsError,
    TlsVerificationError,
)
from kafka.net.certificate import read_certificate
from kafka.net.tls_faults import Refused, handshake_fault
from kafka.net.tls_files import PemSource, check_pair, on_disk, pem_source

if TYPE_CHECKING:
    from kafka.config.security import SecurityConfig
    from kafka.net.certificate import Certificate

log = logger("kafka.conn")

_VERSIONS: Final = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
HANG_UPS: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_DER: Final = 2  # as the _ssl module numbers the encodings


class Tls(NamedTuple):
    """How a client speaks TLS.

    Attributes:
        context: the settings of OpenSSL.
        server_hostname: the name to ask for and to verify, instead of the broker's.
    """

    context: ssl.SSLContext
    server_hostname: str | None = None

    def name_for(self, host: str) -> str:
        """Return the name to ask a broker for, which its certificate must be good for.

        OpenSSL sends it (SNI) unless it is an address. The zone of an IPv6 address (``%eth0``) has
        a meaning on this machine only: no certificate is good for it.

        Args:
            host: as configured or advertised.
        """
        name = self.server_hostname or host.rstrip(".")
        return name.partition("%")[0] if ":" in name else name


def prepare_tls(config: SecurityConfig) -> Tls:
    """Return how to speak TLS with these options.

    Raises:
        KafkaConfigurationError: a file cannot be read or does not hold what it should, the
            password is wrong, the key does not belong to the certificate, or OpenSSL knows no such
            cipher; or ``ssl_context`` is one for servers.
        TypeError: ``ssl_context`` is no context.
    """
    given = config.ssl_context
    if given is None:
        given = _context(config)
    elif not callable(getattr(given, "wrap_bio", None)):
        raise TypeError(f"ssl_context must be an ssl.SSLContext, not {type(given).__name__}")
    elif getattr(given, "protocol", None) is ssl.PROTOCOL_TLS_SERVER:
        raise KafkaConfigurationError(
            "ssl_context is one for servers (PROTOCOL_TLS_SERVER); make it with "
            "ssl.create_default_context()"
        )
    return Tls(given, config.ssl_server_hostname)


def _context(config: SecurityConfig) -> ssl.SSLContext:
    # Not ssl.create_default_context(): from Python 3.13 on it refuses authorities that other
    # clients accept.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslobject_class = _ExplainingObject
    context.minimum_version = _VERSIONS[config.ssl_min_version]
    context.check_hostname = config.ssl_check_hostname
    # What is named as an authority is one, also if another has signed it; Java does the same.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    _trust(context, config.ssl_cafile)
    if config.ssl_crlfile is not None:
        _revoke(context, pem_source("ssl_crlfile", config.ssl_crlfile))
    if config.ssl_certfile is not None:
        _identify(context, config)
    if config.ssl_ciphers is not None:
        _choose_ciphers(context, config.ssl_ciphers)
    return context


def _choose_ciphers(context: ssl.SSLContext, ciphers: str) -> None:
    try:
        context.set_ciphers(ciphers)
    except ssl.SSLError:
        text = f"ssl_ciphers={ciphers!r}: OpenSSL knows none of these ciphers"
        if "TLS_" in ciphers:
            text += "; it is about TLS 1.2 only, and those of TLS 1.3 (TLS_...) are always on"
        raise KafkaConfigurationError(text) from None


def _trust(context: ssl.SSLContext, authorities: object) -> None:
    if authorities is None:
        context.load_default_certs()
        return
    for authority in authorities if isinstance(authorities, list) else [authorities]:
        if authority == SYSTEM:
            context.load_default_certs()
            continue
        source = pem_source("ssl_cafile", authority)
        source.require("CERTIFICATE", "certificate")
        with on_disk(source) as path:
            _load(source, context, path)


def _revoke(context: ssl.SSLContext, source: PemSource) -> None:
    source.require("X509 CRL", "list of revoked certificates")
    # OpenSSL would trust every certificate beside the lists.
    with on_disk(source.revocations()) as path:
        _load(source, context, path)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _load(source: PemSource, context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError) as error:
        raise KafkaConfigurationError(f"{source}: cannot be used: {_text(error)}") from None


def _identify(context: ssl.SSLContext, config: SecurityConfig) -> None:
    """Load the client's certificate and key."""
    certificate = pem_source("ssl_certfile", config.ssl_certfile)
    certificate.require("CERTIFICATE", "certificate")
    key = None if config.ssl_keyfile is None else pem_source("ssl_keyfile", config.ssl_keyfile)
    password = _Password(key or certificate, revealed(config.ssl_password))
    check_pair(certificate, key)
    with on_disk(certificate) as chain, on_disk(key or certificate) as key_file:
        try:
            context.load_cert_chain(chain, key_file, password)
        except (ssl.SSLError, OSError, ValueError) as error:
            fault = error
        else:
            _warn_if_expired(certificate)
            return
    raise KafkaConfigurationError(_pair_fault(certificate, key, password, fault))


def _pair_fault(
    certificate: PemSource, key: PemSource | None, password: _Password, error: Exception
) -> str:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return f"{key or certificate}: the key does not belong to the certificate of {certificate}"
    if password.was_asked:
        return password.fault()
    return f"{certificate}, {key}: cannot be used: {_text(error)}"


class _Password:
    """Gives OpenSSL the password of a key; without one, it would ask the terminal.

    Args:
        key: what it is the password of.
        password: text, bytes, a function that returns either, or ``None``.
    """

    def __init__(self, key: PemSource, password: object) -> None:
        self._key = key
        self._password = password
        self.was_asked = False

    def __call__(self) -> str | bytes:
        """Return it; called only for a key that is encrypted."""
        self.was_asked = True
        found = self._call() if callable(self._password) else self._password
        # Text and bytes are not compared with each other: python -bb takes that for a fault.
        if found is None or (isinstance(found, str | bytes) and not found):
            return "-"  # anything that is wrong: without one, Python would ask for it once more
        if not isinstance(found, str | bytes):
            raise KafkaConfigurationError(
                f"ssl_password: the function returned {type(found).__name__}, not a string or bytes"
            )
        return found

    def _call(self) -> object:
        assert callable(self._password)
        try:
            return self._password()
        except Exception as error:
            raise KafkaConfigurationError(f"ssl_password: the function raised {error!r}") from error

    def fault(self) -> str:
        """Return why a key could not be decrypted."""
        if self._password is None:
            return f"{self._key}: the key is encrypted, and ssl_password is not set"
        return f"{self._key}: the key cannot be decrypted; ssl_password is wrong"


def _warn_if_expired(source: PemSource) -> None:
    try:
        own = read_certificate(source.first_certificate())
    except ValueError:
        return  # OpenSSL takes it: it is only unusual
    now = datetime.fromtimestamp(time.time(), UTC)
    if now > own.not_after:
        log.warning("%s: the client's certificate has expired: %s", source, own)
    elif now < own.not_before:
        log.warning("%s: the client's certificate is not valid yet: %s", source, own)


def _text(error: BaseException) -> str:
    """Return OpenSSL's words without the place in Python's source."""
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    return text.partition(" (_ssl.c")[0] or type(error).__name__


# -- what goes wrong later ---------------------------------------------------------------------


class RefusedCertificateError(ssl.SSLCertVerificationError):
    """OpenSSL's error, with the certificate that it refused."""

    certificate: Certificate | None = None


class _ExplainingObject(ssl.SSLObject):
    """Keeps the certificate that OpenSSL refuses: it is gone with the handshake."""

    def do_handshake(self) -> None:
        """Shake hands."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            refused = RefusedCertificateError(*error.args)
            refused.reason, refused.library = error.reason, error.library
            refused.verify_code, refused.verify_message = error.verify_code, error.verify_message
            refused.certificate = _shown_certificate(self)
            raise refused from None


def _shown_certificate(handshake: ssl.SSLObject) -> Certificate | None:
    """Return the broker's own certificate, verified or not; ``None`` if Python cannot tell."""
    ask = getattr(handshake, "get_unverified_chain", None)  # Python 3.13
    if ask is None:
        ask = getattr(getattr(handshake, "_sslobj", None), "get_unverified_chain", None)
    chain = ask() if ask is not None else None
    if not chain:
        return None
    der = chain[0] if isinstance(chain[0], bytes) else chain[0].public_bytes(_DER)
    try:
        return read_certificate(der)
    except ValueError:
        return None


def tls_error(error: ssl.SSLError, where: str, name: str | None = None) -> KafkaConnectionError:
    """Return the Kafka error for one of OpenSSL, in the handshake or after it.

    Args:
        error: of OpenSSL.
        where: the node and the address, for the message.
        name: the name that the broker's certificate was to be good for, if it is known.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        certificate = error.certificate if isinstance(error, RefusedCertificateError) else None
        refused = Refused(error.verify_code, error.verify_message, name, certificate)
        return TlsVerificationError(f"{where}: {refused}")
    if isinstance(error, HANG_UPS):
        return KafkaConnectionError(f"{where}: the broker closed the connection")
    return TlsError(f"{where}: {handshake_fault(error.reason, _text(error))}")
