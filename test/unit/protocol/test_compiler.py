"""Compiled codecs: one function for each version, checked here on a message of every type."""

from __future__ import annotations

import math
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka.protocol.compiler import compile_decoder, compile_encoder
from kafka.protocol.fields import FIXED, Field, Kind
from test.support.structures import structure

INTEGERS = [Kind.INT8, Kind.INT16, Kind.INT32, Kind.INT64, Kind.UINT16, Kind.UINT32]
Item = structure(
    "Item", Field("key", Kind.STRING), Field("value", Kind.BYTES, since=2, nullable=2, tag=2)
)
Every = structure(
    "Every",
    *(Field(f"f_{kind.value}", kind) for kind in INTEGERS),
    Field("f_bool", Kind.BOOL),
    Field("f_uuid", Kind.UUID),
    Field("text", Kind.STRING, nullable=0),
    Field("content", Kind.BYTES, nullable=2),
    Field("numbers", Kind.INT32, array=True, nullable=1),
    Field("items", Kind.STRUCT, struct="Item", array=True),
    Field("added", Kind.INT16, since=2, default=-1, ignorable=True),
    Field("tagged", Kind.STRING, since=2, tag=0, ignorable=True),
    Item=Item,
)
FLEXIBLE_SINCE = 2


def integers(kind: Kind) -> st.SearchStrategy[int]:
    formats, size = FIXED[kind]
    low = 0 if formats.isupper() else -(256**size) // 2
    return st.integers(low, low + 256**size - 1)


ITEM = st.text(max_size=3).map(lambda key: Item(key=key))
# Not st.builds(): it would look at the signature for every structure of every example.
EVERY = st.fixed_dictionaries(
    {f"f_{kind.value}": integers(kind) for kind in INTEGERS}
    | {
        "f_bool": st.booleans(),
        "f_uuid": st.uuids(),
        "text": st.none() | st.text(max_size=20),
        "content": st.binary(max_size=20),
        "numbers": st.lists(integers(Kind.INT32), max_size=3),
        "items": st.lists(ITEM, max_size=3),
    }
).map(lambda values: Every(**values))
CODECS = {
    version: (
        compile_encoder(Every, version, flexible_since=FLEXIBLE_SINCE),
        compile_decoder(Every, version, flexible_since=FLEXIBLE_SINCE),
    )
    for version in range(3)
}


@pytest.mark.parametrize("version", CODECS)
@settings(max_examples=settings.default.max_examples // 5)
@given(EVERY)
def test_what_was_encoded_is_decoded_again(version: int, message: object) -> None:
    encode, decode = CODECS[version]
    data = b"".join(encode(message))
    assert decode(data, 0, len(data)) == (message, len(data))


def test_each_version_has_a_codec_of_its_own() -> None:
    message = Every(added=4, tagged="t")
    sizes = [len(b"".join(encode(message))) for encode, _ in CODECS.values()]
    assert sizes[0] == sizes[1] != sizes[2]
    encode, decode = CODECS[2]
    data = b"".join(encode(message))
    assert decode(data, 0, len(data))[0] == message


@pytest.mark.parametrize("value", [0.0, -1.5, math.inf, -math.inf, 5e-324])
def test_floats_keep_every_bit(value: float) -> None:
    number = structure("Number", Field("f", Kind.FLOAT64))
    (data,) = compile_encoder(number, 0, flexible_since=None)(number(f=value))
    assert compile_decoder(number, 0, flexible_since=None)(data, 0, 8) == (number(f=value), 8)


def test_a_traceback_names_message_and_version() -> None:
    encode = compile_encoder(Item, 3, flexible_since=None)
    with pytest.raises(AttributeError) as caught:
        encode(Item(key=1))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == "<encode Item v3>"
    decode = compile_decoder(Item, 3, flexible_since=None)
    with pytest.raises(Exception, match="unpack_from requires") as cut_off:
        decode(b"", 0, 0)
    assert traceback.extract_tb(cut_off.value.__traceback__)[-1].filename == "<decode Item v3>"
