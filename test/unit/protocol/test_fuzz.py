"""Bytes that are not a message: a protocol error, soon and cheaply, and nothing else."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka.errors import KafkaProtocolError
from kafka.protocol.fields import FIXED, Kind
from kafka.protocol.messages.metadata import MetadataResponse
from test.support.corpus import mutations, truncations
from test.support.messages import Interpreter, message_classes

MESSAGES = sorted(message_classes())


def decodes(cls, data, version):
    """Decode if that is possible; any error but the right one escapes."""
    try:
        cls.decode(data, version)
    except KafkaProtocolError:
        return False
    return True


@pytest.mark.parametrize("name", MESSAGES)
def test_no_truncation_decodes(name):
    cls = message_classes()[name]
    for version, data in truncations(name):
        assert not decodes(cls, data, version)


@pytest.mark.parametrize("name", MESSAGES)
def test_mutations_raise_nothing_but_protocol_errors(name):
    cls = message_classes()[name]
    for version, data in mutations(name):
        decodes(cls, memoryview(data), version)


@pytest.mark.parametrize("size", [0, 1, 5, 40, 200])
def test_random_bytes_raise_nothing_but_protocol_errors(size):
    for name, cls in message_classes().items():
        rng = random.Random(name)
        for version in (cls.VERSIONS.min, cls.VERSIONS.max):
            decodes(cls, rng.randbytes(size), version)


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (0, b"\x7f\xff\xff\xff" + bytes(100)),
        (0, b"\xff\xff\xff\xff" + bytes(100)),
        (0, b"\x80\0\0\0" + bytes(100)),
        (9, b"\0\0\0\0" + b"\xff\xff\xff\xff\x0f" + bytes(100)),
        (9, b"\0\0\0\0" + b"\xff\xff\xff\xff\xff\xff\x01" + bytes(100)),
        (9, b"\0\0\0\0" + b"\x80\x80\x80\x80\x10" + bytes(100)),
    ],
    ids=["huge", "null", "negative", "huge varint", "endless varint", "33 bits"],
)
def test_a_count_that_is_a_lie_costs_no_memory(version, data):
    MetadataResponse.decode(MetadataResponse().encode(version), version)
    tracemalloc.start()
    try:
        with pytest.raises(KafkaProtocolError):
            MetadataResponse.decode(data, version)
        assert tracemalloc.get_traced_memory()[1] < 50_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        (b"\2\1\0\1\0", "repeated or out of order"),
        (b"\2\2\0\1\0", "repeated or out of order"),
        (b"\1\1\x7fab", "length 127"),
        (b"\1\1\2a", "length 2"),
        (b"\1\0\1\2", "length 1 with 0 bytes left"),
        (b"\1\0\2\1\0", "tagged field of 2 bytes, but its content takes 1"),
    ],
)
def test_broken_tagged_fields_are_protocol_errors(tags, problem):
    cls = message_classes()["ProduceResponse"]
    data = cls().encode(10)
    with pytest.raises(KafkaProtocolError, match=problem):
        cls.decode(data[:-1] + tags, 10)


def value_of(cls, field, version):
    """Return a strategy for the values of a field that survive the trip."""
    if field.kind is Kind.STRUCT:
        one = struct_of(cls, getattr(cls, field.struct), version)
    elif field.kind is Kind.STRING:
        one = st.text(max_size=9)
    elif field.kind in (Kind.BYTES, Kind.RECORDS):
        one = st.binary(max_size=9)
    elif field.kind is Kind.UUID:
        one = st.uuids()
    elif field.kind is Kind.BOOL:
        one = st.booleans()
    elif field.kind is Kind.FLOAT64:
        one = st.floats(allow_nan=False)
    else:
        formats, size = FIXED[field.kind]
        low = 0 if formats.isupper() else -(256**size) // 2
        one = st.integers(low, low + 256**size - 1)
    if field.array:
        one = st.lists(one, max_size=2)
    return st.none() | one if field.is_nullable(version) else one


def struct_of(cls, owner, version):
    fields = {f.name: value_of(cls, f, version) for f in owner.FIELDS if f.present(version)}
    # Not st.builds(): it would look at the signature for every structure of every example.
    return st.fixed_dictionaries(fields).map(lambda values: owner(**values))


@pytest.mark.parametrize("name", MESSAGES)
@settings(max_examples=settings.default.max_examples // 16)
@given(data=st.data())
def test_any_message_survives_the_trip_and_matches_the_interpreter(name, data):
    cls = message_classes()[name]
    version = data.draw(st.integers(cls.VERSIONS.min, cls.VERSIONS.max))
    message = data.draw(struct_of(cls, cls, version))
    encoded = message.encode(version)
    assert encoded == Interpreter(cls, version).encode(message)
    decoded = cls.decode(encoded, version)
    assert decoded.encode(version) == encoded
