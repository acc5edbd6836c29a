"""The serializers of the package, called directly."""

import pytest

from kafka.serializer import (
    DefaultSerializer,
    Deserializer,
    DeserializeWrapper,
    JsonSerializer,
    Serializer,
    SerializeWrapper,
)


@pytest.mark.parametrize("data", [b"raw", bytearray(b"raw"), memoryview(b"raw"), None])
def test_default_serializer_passes_bytes_and_none_through(data: object) -> None:
    assert DefaultSerializer().serialize("t", [], data) is data


def test_default_serializer_uses_its_encoding_both_ways() -> None:
    serializer = DefaultSerializer("latin-1")
    data = serializer.serialize("t", [], "naïve")
    assert (data, serializer.deserialize("t", [], data)) == (b"na\xefve", "naïve")


def test_default_serializer_refuses_what_is_no_text() -> None:
    with pytest.raises(TypeError, match="cannot encode int"):
        DefaultSerializer().serialize("t", [], 5)


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, [], 0, "text", True, 1.5])
def test_json_value_survives_the_round_trip(value: object) -> None:
    serializer = JsonSerializer()
    assert serializer.deserialize("t", [], serializer.serialize("t", [], value)) == value


@pytest.mark.parametrize("serializer", [DefaultSerializer(), JsonSerializer()])
def test_none_stays_a_null_value_both_ways(serializer: DefaultSerializer) -> None:
    results = (serializer.serialize("t", [], None), serializer.deserialize("t", [], None))
    assert results == (None, None)


def test_wrappers_call_their_function_with_the_data_alone() -> None:
    results = (
        SerializeWrapper(str.encode).serialize("t", [], "x"),
        DeserializeWrapper(bytes.decode).deserialize("t", [], b"x"),
    )
    assert results == (b"x", "x")


def test_wrappers_without_a_function_change_nothing() -> None:
    results = (
        SerializeWrapper(None).serialize("t", [], "x"),
        DeserializeWrapper(None).deserialize("t", [], b"x"),
    )
    assert results == ("x", b"x")


@pytest.mark.parametrize("kind", [Serializer, Deserializer])
def test_base_class_cannot_be_used_itself(kind: type) -> None:
    with pytest.raises(TypeError, match="abstract"):
        kind()


@pytest.mark.parametrize("thing", [DefaultSerializer(), SerializeWrapper(None)])
def test_close_is_there_and_harmless(thing: Serializer) -> None:
    assert thing.close() is None  # type: ignore[func-returns-value]
