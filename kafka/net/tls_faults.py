"""Why a TLS handshake failed, in words that help the user.  Pure.

OpenSSL says it in codes and short names; `kafka.net.tls` has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.net.certificate import Certificate

_TRUST: Final = "ssl_cafile names the authorities to trust"
_WEAK: Final = (
    "the OpenSSL of this machine wants longer keys and better signatures; "
    'ssl_ciphers="DEFAULT@SECLEVEL=1" asks for less'
)
_UNKNOWN: Final = (
    f"its authority is not trusted, or the broker leaves out the certificates between: {_TRUST}"
)
# What to look at after a refusal by OpenSSL, by the code of X509_V_ERR.
_ADVICE: Final[Mapping[int, str]] = {
    2: _TRUST,
    3: "ssl_crlfile has no list of revoked certificates of this issuer",
    9: "the clock of this machine may be wrong",
    10: "the broker needs a new certificate, or the clock of this machine is wrong",
    11: "ssl_crlfile is not valid yet",
    12: "ssl_crlfile is out of date",
    18: f"it is signed by itself: {_TRUST}",
    19: f"its authority is not trusted: {_TRUST}",
    20: _UNKNOWN,
    21: _UNKNOWN,
    23: "ssl_crlfile lists it",
    26: "it may not be used for a server",
    62: "the name differs: ssl_server_hostname names another one, ssl_check_hostname=False does "
    "without the check",
    64: "the address is not in it: connect to a name, or ssl_server_hostname names the one to "
    "expect; ssl_check_hostname=False does without the check",
    66: _WEAK,
    67: _WEAK,
    68: _WEAK,
}

_NAME_DIFFERS: Final = frozenset({62, 64})

# Alerts that a broker sends, by the name that OpenSSL has for their arrival.
_WANTS_CERTIFICATE: Final = "the broker wants a client certificate: ssl_certfile and ssl_keyfile"
_REFUSES_CERTIFICATE: Final = (
    "the broker refuses the certificate of ssl_certfile, or wants one and got none"
)
_ALERTS: Final[Mapping[str, str]] = {
    "CERTIFICATE_REQUIRED": _WANTS_CERTIFICATE,
    "BAD_CERTIFICATE": _REFUSES_CERTIFICATE,
    "UNSUPPORTED_CERTIFICATE": _REFUSES_CERTIFICATE,
    "CERTIFICATE_UNKNOWN": _REFUSES_CERTIFICATE,
    "CERTIFICATE_EXPIRED": "the broker says that the certificate of ssl_certfile has expired",
    "CERTIFICATE_REVOKED": "the broker says that the certificate of ssl_certfile was revoked",
    "UNKNOWN_CA": "the broker does not trust the authority that signed ssl_certfile",
    "ACCESS_DENIED": "the broker denies access to the certificate of ssl_certfile",
    "DECRYPT_ERROR": _REFUSES_CERTIFICATE,
    "HANDSHAKE_FAILURE": "no cipher or version of TLS in common (ssl_ciphers, ssl_min_version), or "
    "the broker wants a client certificate (ssl_certfile)",
    "INSUFFICIENT_SECURITY": "the broker wants better ciphers: ssl_ciphers",
    "PROTOCOL_VERSION": "no version of TLS in common: ssl_min_version",
    "UNRECOGNIZED_NAME": "the broker does not know the name asked for: ssl_server_hostname",
    "INTERNAL_ERROR": "the broker reports an error of its own: see its log",
}
_NO_TLS: Final = frozenset(
    {
        "BAD_RECORD_TYPE",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNEXPECTED_MESSAGE",
        "UNEXPECTED_RECORD",
        "UNKNOWN_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
_TOO_WEAK: Final = (
    "a key or signature is too weak for this machine's OpenSSL; ssl_ciphers may lower it"
)
_LOCAL: Final[Mapping[str, str]] = {
    "UNSUPPORTED_PROTOCOL": "no version of TLS in common: ssl_min_version",
    "NO_PROTOCOLS_AVAILABLE": "no version of TLS in common: ssl_min_version",
    "NO_SHARED_CIPHER": "no cipher in common: ssl_ciphers",
    "NO_CIPHERS_AVAILABLE": "no cipher in common: ssl_ciphers",
    "DH_KEY_TOO_SMALL": _TOO_WEAK,
    "EE_KEY_TOO_SMALL": _TOO_WEAK,
    "CA_MD_TOO_WEAK": _TOO_WEAK,
}

NOT_TLS: Final = "the port does not speak TLS: security_protocol, or the port, is not the right one"
SILENT: Final = (
    "the TLS handshake was not finished in time: the peer is silent; it may not speak TLS "
    "(security_protocol)"
)
HUNG_UP: Final = (
    "the peer hung up in the TLS handshake: the port does not speak TLS (security_protocol), or "
    "the broker is starting or stopping"
)


class Refused(NamedTuple):
    """A certificate that was not accepted.

    Attributes:
        code: X509_V_ERR of OpenSSL.
        reason: its text.
        name: the name that the certificate should be good for; ``None`` if that is not checked.
        certificate: what the broker showed, if it is known.
    """

    code: int
    reason: str
    name: str | None
    certificate: Certificate | None

    def __str__(self) -> str:
        """Return the message for the user."""
        is_named = self.name is not None and self.code in _NAME_DIFFERS
        expected = f" for {self.name}" if is_named else ""
        parts = [f"the broker's certificate is refused{expected}: {self.reason.rstrip('.')}"]
        if self.certificate is not None:
            parts.append(str(self.certificate))
        if self.code in _ADVICE:
            parts.append(_ADVICE[self.code])
        return "; ".join(parts)


def handshake_fault(reason: str | None, text: str) -> str:
    """Return what went wrong in a handshake.

    Args:
        reason: OpenSSL's name of it.
        text: OpenSSL's text.
    """
    name = (reason or "").upper().replace(" ", "_")
    if name in _NO_TLS:
        return NOT_TLS
    if name in _LOCAL:
        return _LOCAL[name]
    for alert, meaning in _ALERTS.items():
        # Such as SSLV3_ALERT_BAD_CERTIFICATE, or TLSV13_ALERT_CERTIFICATE_REQUIRED.
        if name.endswith(("ALERT_" + alert, "TLSV1_" + alert)):
            return f"TLS alert {alert.lower().replace('_', ' ')}: {meaning}"
    return f"TLS failed: {text}"
