"""Admission of requests on a connection that must authenticate, and certificate names."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from kafka.errors import InvalidReceiveError, SaslAuthenticationFailedError
from kafka.testing.broker.authorizer import Principal

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.context import Peer
    from kafka.testing.broker.security.gate import SaslGate
    from kafka.testing.broker.security.sasl import Step

_SIZE = struct.Struct(">i")

# RFC 2253 section 2.3; other attributes keep the name that Python's ssl module has for them.
_SHORT = {
    "commonName": "CN",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
}
_SPECIAL = ',+"\\<>;'


def authenticate(peer: Peer, gate: SaslGate, token: bytes, cluster: Cluster) -> tuple[Step, int]:
    """Pass a token of *peer* to the gate and set its principal at the end; see `SaslGate.token`."""
    clock = cluster.clock
    step, lifetime_ms = gate.token(token, now=clock.now(), now_ms=clock.wall_ms())
    if step.outcome is not None:
        peer.principal = step.outcome.principal
    return step, lifetime_ms


def raw_answer(
    peer: Peer, gate: SaslGate, frame: bytes | memoryview, cluster: Cluster
) -> bytes | None:
    """Return the answer to a token without header, or ``None`` if authentication fails."""
    try:
        step, _ = authenticate(peer, gate, bytes(frame), cluster)
    except SaslAuthenticationFailedError:
        return None
    return _SIZE.pack(len(step.challenge)) + step.challenge


def check_size(gate: SaslGate, frame: bytes | memoryview, cluster: Cluster) -> None:
    """Check the size of a frame that may come before the end of authentication.

    Raises:
        InvalidReceiveError: it is larger than sasl.server.max.receive.size.
    """
    limit = int(cluster.setting("sasl.server.max.receive.size"))
    if not gate.is_open and len(frame) > limit:
        raise InvalidReceiveError(f"{len(frame)} bytes before authentication, limit {limit}")


def certificate_principal(certificate: object) -> Principal | None:
    """Return the principal of a client certificate, as `ssl.SSLSocket.getpeercert` gives it.

    The name is the subject as RFC 2253 writes it: the last part first, ``CN=alice,O=org``.
    """
    subject = certificate.get("subject") if isinstance(certificate, dict) else None
    if not subject:
        return None
    parts = [
        "+".join(f"{_SHORT.get(key, key)}={_escaped(value)}" for key, value in names)
        for names in reversed(subject)
    ]
    return Principal("User", ",".join(parts))


def _escaped(value: str) -> str:
    escaped = "".join(f"\\{char}" if char in _SPECIAL else char for char in value)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if value.endswith(" ") and len(value) > 1 else escaped
