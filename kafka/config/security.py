"""Options of TLS and SASL, declared once for all clients.

What can be found wrong without looking at files is found here; `kafka.net.tls` looks at the files.
Passwords and keys are kept as `kafka._base.secret.Secret`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from kafka._base.secret import Secret, hidden, may_be_secret
from kafka.config.base import Config
from kafka.config.option import between, not_empty, one_of, option, unbuilt, warn_user, within
from kafka.errors import KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEM: Final = "system"  # in a list of authorities: those that the system trusts

_LONGEST_NAME: Final = 255  # of a file or folder, on every file system in use
_LONGEST_HOST: Final = 253  # RFC 1035, without the length of the first label and the root

_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_USER: Final = ("sasl_plain_username", "sasl_plain_password")
# The mechanisms of SASL, and the options that each cannot do without.
_MECHANISMS: Final[dict[str, tuple[str, ...]]] = {
    "PLAIN": _USER,
    "SCRAM-SHA-256": _USER,
    "SCRAM-SHA-512": _USER,
    "OAUTHBEARER": ("sasl_oauth_token_provider",),
}
_UNBUILT: Final = ("GSSAPI", "AWS_MSK_IAM")
# Their meaning is in the context, if the user gives one.
_IN_CONTEXT: Final = (
    "ssl_check_hostname",
    "ssl_cafile",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_password",
    "ssl_crlfile",
    "ssl_ciphers",
    "ssl_min_version",
)


def add_mechanism(name: str) -> None:
    """Accept *name* as ``sasl_mechanism``; it needs no option."""
    _MECHANISMS.setdefault(name.upper(), ())


def _mechanism(value: str) -> str:
    name = value.upper()
    if name in _MECHANISMS:
        return name
    if name in _UNBUILT:
        raise ValueError(f"{name} is not part of this release; there are {_known()}")
    raise ValueError(f"there is no such mechanism; there are {_known()}")


def _known() -> str:
    return ", ".join(_MECHANISMS)


def _is_path(text: str) -> bool:
    """Return whether *text* may be the path of a file, not what such a file holds.

    A key that is taken for a path would be shown in the error that there is no such file. So text
    with lines or other control characters is no path, nor is one that no file system can have.
    """
    if may_be_secret(text) or any(char < " " for char in text):
        return False
    return all(len(part) <= _LONGEST_NAME for part in text.replace(os.sep, "/").split("/"))


def _pem(value: object) -> object:
    """Return a path as it is, and all other text hidden: it may hold a private key."""
    try:
        text = os.fsdecode(value)  # type: ignore[arg-type]  # what it cannot take is an error
    except TypeError:
        raise TypeError("must be the path of a file, or PEM text") from None
    if not text:
        raise ValueError("must not be empty")
    return text if _is_path(text) else hidden(text)


def _authorities(value: object) -> object:
    """Return one source of authorities, or the list of several."""
    if not isinstance(value, list | tuple):
        return _pem(value)
    if not value:
        raise ValueError("must name a file at least")
    return [_pem(item) for item in value]


def _host_name(value: str) -> str:
    """Return a name for the handshake without the dot at its end: certificates have none."""
    name = value.removesuffix(".")
    if not name:
        raise ValueError("must not be empty")
    if any(char <= " " for char in name):
        raise ValueError("must not have spaces or control characters")
    if len(name) > _LONGEST_HOST:
        raise ValueError(f"must not be longer than {_LONGEST_HOST} characters")
    try:
        name.encode("idna")  # as the ssl module does with each connection
        can_be_asked_for = all(name.split("."))
    except UnicodeError:
        can_be_asked_for = False
    if not can_be_asked_for:
        raise ValueError("is no name of a host: between two dots there are 1 to 63 characters")
    return name


def _text_or_call(value: object) -> object:
    if isinstance(value, str) or callable(value):
        return value
    raise TypeError("must be a string, or a function without arguments that returns one")


def _password(value: object) -> object:
    if isinstance(value, str | bytes) or callable(value):
        return value
    raise TypeError("must be a string, bytes, or a function without arguments that returns either")


def _provider(value: object) -> object:
    if callable(getattr(value, "token", None)):
        return value
    raise TypeError("must be an object with a method token()")


class SecurityConfig(Config):
    """Options of TLS and SASL."""

    security_protocol: str = option(
        "PLAINTEXT",
        one_of(*_PROTOCOLS),
        "Protocol to brokers: ``PLAINTEXT``, ``SSL`` (TLS), ``SASL_PLAINTEXT`` or ``SASL_SSL``.",
    )
    ssl_context: Any = option(  # Any: an ssl.SSLContext, whose module is not imported here
        None,
        None,
        "A ready `ssl.SSLContext`, used as it is; takes the place of other options.",
        takes="ssl.SSLContext | None",
    )
    ssl_check_hostname: bool = option(
        True, None, "Check that the broker's certificate is good for the name connected to."
    )
    ssl_cafile: Any = option(  # Any: a path, hidden text, or a list of them
        None,
        _authorities,
        "Authorities to trust instead of the system's: the path of a PEM file, PEM text, or a list "
        'of them, in which ``"system"`` stands for those of the system.',
        takes="str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None",
    )
    ssl_certfile: str | Secret[str] | None = option(
        None,
        _pem,
        "The client's certificate and those between it and its authority: the path of a PEM file, "
        "or PEM text.",
        takes="str | os.PathLike[str] | None",
    )
    ssl_keyfile: str | Secret[str] | None = option(
        None,
        _pem,
        "Private key of ``ssl_certfile``, unless it is in the same file: the path of a PEM file, "
        "or PEM text.",
        takes="str | os.PathLike[str] | None",
    )
    ssl_password: Secret[str | bytes | Callable[[], str | bytes]] | None = option(
        None,
        _password,
        "Password of the private key: a string, bytes, or a function that returns one.",
        secret=True,
        takes="str | bytes | Callable[[], str | bytes] | None",
    )
    ssl_crlfile: str | Secret[str] | None = option(
        None,
        _pem,
        "Certificates that were revoked: the path of a PEM file, or PEM text. Brokers' own "
        "certificates are looked up in it, those of authorities are not.",
        takes="str | os.PathLike[str] | None",
    )
    ssl_ciphers: str | None = option(
        None,
        not_empty,
        "Ciphers to allow for TLS 1.2, in OpenSSL's notation; those of TLS 1.3 are fixed.",
    )
    ssl_min_version: str = option(
        "TLSv1.2", one_of("TLSv1.2", "TLSv1.3"), "Oldest version of TLS to speak."
    )
    ssl_server_hostname: str | None = option(
        None,
        _host_name,
        "Name that brokers' certificates must be good for, and to ask for in the handshake (SNI), "
        "instead of the configured or advertised one.",
    )
    sasl_mechanism: str | None = option(
        None,
        _mechanism,
        "Mechanism to log in with: ``PLAIN``, ``SCRAM-SHA-256``, ``SCRAM-SHA-512`` or "
        "``OAUTHBEARER``.",
    )
    sasl_plain_username: str | Callable[[], str] | None = option(
        None,
        _text_or_call,
        "User name for PLAIN and SCRAM, or a function that returns it, called at each login.",
    )
    sasl_plain_password: Secret[str | Callable[[], str]] | None = option(
        None,
        _text_or_call,
        "Password for PLAIN and SCRAM, or a function that returns it, called at each login.",
        secret=True,
        takes="str | Callable[[], str] | None",
    )
    sasl_oauth_token_provider: Any = option(  # Any: several interfaces, see the page on security
        None,
        _provider,
        "Object whose method ``token()`` returns a token for OAUTHBEARER.",
        opaque=True,
        takes="TokenProvider | None",
    )
    sasl_scram_max_iterations: int = option(
        1_000_000,
        # The least of RFC 7677, and the most that OpenSSL computes.
        between(4096, 2**31 - 1),
        "Most rounds of hashing that a broker may ask for with SCRAM; each costs CPU time.",
    )
    sasl_login_refresh_window_factor: float = option(
        0.8, within(0.5, 1.0), "Part of a token's life after which a new one is asked for."
    )
    sasl_login_refresh_window_jitter: float = option(
        0.05, within(0.0, 0.25), "Part of a token's life by which that time varies at random."
    )
    sasl_login_refresh_min_period_seconds: float = option(
        60, within(0, 900), "Shortest time between two requests for a token, in seconds."
    )
    sasl_login_refresh_buffer_seconds: float = option(
        300,
        within(0, 3600),
        "Time before a token's end at which it should be replaced, in seconds.",
    )
    sasl_kerberos_name: object = unbuilt(None, "GSSAPI", "A ready GSSAPI name.")
    sasl_kerberos_service_name: str = unbuilt("kafka", "GSSAPI", "Service name for Kerberos.")
    sasl_kerberos_domain_name: str | None = unbuilt(None, "GSSAPI", "Domain name for Kerberos.")

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol.endswith("SSL")

    @property
    def uses_sasl(self) -> bool:
        """Whether the client authenticates with SASL."""
        return self.security_protocol.startswith("SASL_")

    def _settle(self, given: frozenset[str]) -> None:
        super()._settle(given)
        self._settle_tls(given)
        self._settle_sasl(given)

    def _settle_tls(self, given: frozenset[str]) -> None:
        if not self.uses_tls:
            self._warn_unused(given, "ssl_", f"security_protocol is {self.security_protocol}")
            return
        if self.ssl_context is not None:
            self._warn_unused(given.intersection(_IN_CONTEXT), "ssl_", "ssl_context is given")
        elif self.ssl_certfile is None and self.ssl_keyfile is not None:
            raise KafkaConfigurationError(
                "ssl_keyfile needs ssl_certfile, the certificate that the key belongs to"
            )

    def _settle_sasl(self, given: frozenset[str]) -> None:
        if not self.uses_sasl:
            self._warn_unused(given, "sasl_", f"security_protocol is {self.security_protocol}")
            return
        if self.sasl_mechanism is None:
            raise KafkaConfigurationError(
                f"security_protocol={self.security_protocol} needs sasl_mechanism: {_known()}"
            )
        for name in _MECHANISMS[self.sasl_mechanism]:
            if getattr(self, name) is None:
                raise KafkaConfigurationError(f"sasl_mechanism={self.sasl_mechanism} needs {name}")

    def _warn_unused(self, given: frozenset[str], prefix: str, reason: str) -> None:
        for name in sorted(given):
            if name.startswith(prefix) and getattr(self, name) != self.OPTIONS[name].default:
                warn_user(f"{name} has no effect: {reason}", UserWarning)
