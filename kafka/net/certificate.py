"""What a certificate says of itself, read from its DER bytes.  Pure.

For messages only: nothing is verified here, OpenSSL does that. The bytes may come from a peer that
lies, so anything that is not as expected ends in a ValueError.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tags of ASN.1.
_OCTETS: Final = 0x04
_SEQUENCE: Final = 0x30
_UTC_TIME: Final = 0x17
_TIME: Final = 0x18
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_DNS_NAME: Final = 0x82
_ADDRESS: Final = 0x87
_TWO_BYTE_TEXT: Final = 0x1E

_ALTERNATIVE_NAMES: Final = b"\x55\x1d\x11"
_NAMES: Final = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x06": "C",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
}
# More names than this are counted, not listed.
_SHOWN: Final = 8


class Certificate(NamedTuple):
    """The parts of a certificate that help to find out why it was refused.

    Attributes:
        subject: whose it is, such as ``CN=broker,O=Example``.
        issuer: who has signed it.
        not_before: when it begins to be valid.
        not_after: when it ends.
        names: the hosts and addresses it is good for.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]

    def __str__(self) -> str:
        """Return all of it in a line for the user."""
        names = ", ".join(self.names[:_SHOWN]) or "no name"
        more = len(self.names) - _SHOWN
        return (
            f"certificate of {self.subject or 'nobody'}, issued by {self.issuer or 'nobody'}, "
            f"valid from {_date(self.not_before)} to {_date(self.not_after)}, good for {names}"
            f"{f' and {more} more' if more > 0 else ''}"
        )


def read_certificate(der: bytes) -> Certificate:
    """Return what the certificate *der* says.

    Raises:
        ValueError: it is none.
    """
    try:
        fields = _parts(_only(_only(der, _SEQUENCE), _SEQUENCE))
        if fields[0][0] == _VERSION:
            del fields[0]
        _serial, _algorithm, issuer, validity, subject, _key, *rest = fields
        begin, end = _parts(validity[1])
        return Certificate(
            _name(subject[1]), _name(issuer[1]), _time(*begin), _time(*end), _alternatives(rest)
        )
    except (IndexError, OverflowError) as error:
        raise ValueError(f"no certificate: {error}") from None


def _date(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the elements of a sequence: tag and content."""
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4:
                raise ValueError("no certificate: a length of unknown form")
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        if at + size > len(data):
            raise ValueError("no certificate: it ends too early")
        yield tag, data[at : at + size]
        at += size


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    return list(_elements(data))


def _only(data: bytes, tag: int) -> bytes:
    """Return the content of the first element of *data*, which has *tag*."""
    found, content = next(_elements(data), (0, b""))
    if found != tag:
        raise ValueError(f"no certificate: tag {found:#x} where {tag:#x} belongs")
    return content


def _name(data: bytes) -> str:
    """Return a distinguished name, the most specific part first as openssl and Java write it."""
    parts = []
    for _, attributes in _elements(data):
        for _, attribute in _elements(attributes):
            (_, oid), (tag, value) = _parts(attribute)[:2]
            if oid in _NAMES:
                parts.append(f"{_NAMES[oid]}={_text(tag, value)}")
    return ",".join(reversed(parts))


def _text(tag: int, value: bytes) -> str:
    text = value.decode("utf-16-be" if tag == _TWO_BYTE_TEXT else "utf-8", "replace")
    return "".join(char if char.isprintable() else "?" for char in text)


def _time(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii", "replace")
    if tag == _UTC_TIME:
        # RFC 5280: two digits of the year, from 1950 on.
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _TIME:
        raise ValueError(f"no certificate: tag {tag:#x} where a time belongs")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _alternatives(fields: list[tuple[int, bytes]]) -> tuple[str, ...]:
    """Return the alternative names among the last fields of a certificate."""
    listed = b"".join(content for tag, content in fields if tag == _EXTENSIONS)
    if not listed:
        return ()
    for _, extension in _elements(_only(listed, _SEQUENCE)):
        parts = _parts(extension)
        if parts[0][1] == _ALTERNATIVE_NAMES and parts[-1][0] == _OCTETS:
            return tuple(_hosts(_only(parts[-1][1], _SEQUENCE)))
    return ()


def _hosts(data: bytes) -> Iterator[str]:
    for tag, value in _elements(data):
        if tag == _DNS_NAME:
            yield _text(tag, value)
        elif tag == _ADDRESS and len(value) in (4, 16):
            yield str(ipaddress.ip_address(value))
