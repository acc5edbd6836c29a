"""The structures of kafka-python's module of this name, made on first use."""

from kafka.protocol import list_offsets
from kafka.protocol.legacy.offers import offer

UNKNOWN_OFFSET = list_offsets.UNKNOWN_OFFSET
OffsetResetStrategy = list_offsets.OffsetResetStrategy

__getattr__, __dir__ = offer(__name__)
