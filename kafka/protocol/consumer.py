"""The structures of kafka-python's module of this name, made on first use."""

from kafka import structs
from kafka.protocol import group, list_offsets
from kafka.protocol.legacy.offers import offer

DEFAULT_GENERATION_ID = group.DEFAULT_GENERATION_ID
IsolationLevel = structs.IsolationLevel
OffsetResetStrategy = list_offsets.OffsetResetStrategy
OffsetSpec = structs.OffsetSpec
UNKNOWN_MEMBER_ID = group.UNKNOWN_MEMBER_ID
UNKNOWN_OFFSET = list_offsets.UNKNOWN_OFFSET

__getattr__, __dir__ = offer(__name__)
