"""Compile the codec of one version of one message into flat Python functions.

Pure. The schema, not the wire, fixes how deep the code nests. The oracle of the tests is an
interpreter of the same field tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from kafka.protocol._decoding import DecoderSource
from kafka.protocol._encoding import EncoderSource

if TYPE_CHECKING:
    from kafka.protocol._source import Source
    from kafka.protocol.fields import Struct
    from kafka.protocol.primitives import Buffer


class Encoder(Protocol):
    """Encode a message into pieces."""

    def __call__(self, message: Struct, /) -> list[bytes | memoryview]:
        """Return the pieces of *message*, in order."""


class Decoder(Protocol):
    """Decode a message out of a buffer."""

    def __call__(self, data: Buffer, pos: int, end: int, /) -> tuple[Struct, int]:
        """Return the message at *pos* and the position after it; read nothing from *end* on."""


def compile_encoder(message: type[Struct], version: int, *, flexible_since: int | None) -> Encoder:
    """Return the encoder of *version* of *message*.

    Args:
        message: names the fields, and holds the classes of the structures in them.
        version: of the message.
        flexible_since: first version with compact lengths and tagged fields (KIP-482), or ``None``.
    """
    source = EncoderSource(message, version, flexible_since)
    encoder: Encoder = _run(source, f"<encode {message.__name__} v{version}>")["encode"]
    return encoder


def compile_decoder(message: type[Struct], version: int, *, flexible_since: int | None) -> Decoder:
    """Return the decoder of *version* of *message*.

    Args:
        message: names the fields, and holds the classes of the structures in them.
        version: of the message.
        flexible_since: first version with compact lengths and tagged fields (KIP-482), or ``None``.
    """
    source = DecoderSource(message, version, flexible_since)
    decoder: Decoder = _run(source, f"<decode {message.__name__} v{version}>")["decode"]
    return decoder


# Any: what compiled source defines has no static type; the callers above state it.
def _run(source: Source, name: str) -> dict[str, Any]:
    namespace = dict(source.namespace)
    # The source is built from the field tables alone, never from anything received.
    exec(compile(source.text(), name, "exec"), namespace)  # noqa: S102
    return namespace
