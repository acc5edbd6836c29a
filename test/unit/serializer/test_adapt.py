"""Serializers of every form users have."""

from __future__ import annotations

import pytest

from kafka.serializer import DefaultSerializer, Deserializer, Serializer
from kafka.serializer.adapt import adapt_deserializer, adapt_serializer

HEADERS: list[tuple[str, bytes | None]] = [("h", b"1")]


class ThreeArguments:
    """The form of kafka-python 3."""

    def serialize(self, topic: str, headers: object, data: object) -> object:
        return (topic, headers, data)

    deserialize = serialize


class TwoArguments(Serializer, Deserializer):
    """The form of kafka-python 2, in a subclass of today's base class."""

    def serialize(self, topic: str, data: object) -> object:  # type: ignore[override]
        return (topic, data)

    deserialize = serialize


class OneArgument:
    """A form found in the wild."""

    def serialize(self, data: object) -> object:
        return (data,)

    deserialize = serialize


class AnyArguments:
    """A proxy, as instrumentation libraries make them."""

    def serialize(self, *args: object) -> object:
        return args

    deserialize = serialize


class TwoWithAnOption:
    """Two arguments that matter and one with a default, keyword only."""

    def serialize(self, topic: str, data: object, *, strict: bool = False) -> object:
        return (topic, data)

    deserialize = serialize


FORMS = [
    (ThreeArguments(), ("t", HEADERS, 5)),
    (TwoArguments(), ("t", 5)),
    (OneArgument(), (5,)),
    (AnyArguments(), ("t", HEADERS, 5)),
    (TwoWithAnOption(), ("t", 5)),
    (lambda data: (data,), (5,)),
]


@pytest.mark.parametrize("adapt", [adapt_serializer, adapt_deserializer])
@pytest.mark.parametrize(("given", "seen"), FORMS, ids=[type(form).__name__ for form, _ in FORMS])
def test_every_form_is_called_with_what_it_wants(
    adapt: object, given: object, seen: object
) -> None:
    convert = adapt(given)  # type: ignore[operator]
    assert convert("t", HEADERS, 5) == seen


@pytest.mark.parametrize("adapt", [adapt_serializer, adapt_deserializer])
def test_none_means_that_no_call_is_needed(adapt: object) -> None:
    assert adapt(None) is None  # type: ignore[operator]


def test_type_error_of_the_users_code_is_raised_after_one_call() -> None:
    calls = []

    class Broken:
        def serialize(self, *args: object) -> bytes:
            calls.append(args)
            raise TypeError("mine")

    convert = adapt_serializer(Broken())
    assert convert is not None
    with pytest.raises(TypeError, match="mine"):
        convert("t", [], 5)
    assert calls == [("t", [], 5)]


def test_function_written_in_c_serves_as_a_serializer() -> None:
    convert = adapt_serializer(str.encode)
    assert convert is not None
    assert convert("t", [], "x") == b"x"


def test_class_instead_of_an_instance_is_refused() -> None:
    with pytest.raises(TypeError, match="key_serializer is the class DefaultSerializer"):
        adapt_serializer(DefaultSerializer, option="key_serializer")


@pytest.mark.parametrize("given", [5, "utf-8", object()])
def test_other_objects_are_refused_with_the_option_named(given: object) -> None:
    with pytest.raises(TypeError, match=r"^value_deserializer must be a callable or have"):
        adapt_deserializer(given)


def test_method_without_arguments_is_refused() -> None:
    class Useless:
        def serialize(self) -> bytes:
            return b""

    with pytest.raises(TypeError, match=r"Useless\.serialize must take"):
        adapt_serializer(Useless())
