"""One calling form for everything that users may hand in as a partitioner; decided once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka._base.arity import arity_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.partitioner.abc import Cluster

    # (topic, key, serialized_key, value, serialized_value, cluster); Any: key and value are the
    # user's.
    Partition = Callable[[str, Any, bytes | None, Any, bytes | None, Cluster], int]

_BUILTIN = "kafka.partitioner.DefaultPartitioner"


def adapt_partitioner(given: object) -> Partition | None:
    """Return *given* as a callable with the arguments of `Partitioner.partition`.

    Args:
        given: ``None`` or the default of the option ``partitioner``; a `Partitioner`; an object
            with ``partition(topic, serialized_key, cluster)``; a callable of (serialized key, all
            partitions, available partitions), as in kafka-python 2.x.

    Returns:
        The callable, or ``None`` for what the producer has built in: `DefaultPartitioner` and
        `StickyPartitioner` themselves, not their subclasses.

    Raises:
        TypeError: *given* is none of these.
    """
    if given is None or given == _BUILTIN or _is_builtin(given):
        return None
    method = getattr(given, "partition", None)
    if callable(method):
        if isinstance(given, type):
            raise TypeError(f"partitioner is the class {given.__name__}; an instance is needed")
        return _adapt_method(method)
    if callable(given):
        return _adapt_function(given)
    raise TypeError(
        "partitioner must be a Partitioner or a callable of (key, all, available), "
        f"not {type(given).__name__} ({given!r})"
    )


def _is_builtin(given: object) -> bool:
    from kafka.partitioner.default import DefaultPartitioner  # noqa: PLC0415 - adapt stays light
    from kafka.partitioner.sticky import StickyPartitioner  # noqa: PLC0415 - the same

    return type(given) in (DefaultPartitioner, StickyPartitioner)


# Any: the user's method.
def _adapt_method(method: Callable[..., Any]) -> Partition:
    arity = arity_of(method)
    if arity.accepts(6):
        return method
    if arity.accepts(3):
        return lambda topic, _key, data, _value, _data, cluster: method(topic, data, cluster)
    raise TypeError(
        "partitioner.partition() must take (topic, key, serialized_key, value, serialized_value, "
        "cluster) or (topic, serialized_key, cluster)"
    )


# Any: the user's function.
def _adapt_function(function: Callable[..., Any]) -> Partition:
    def partition(
        topic: str,
        key: Any,  # noqa: ARG001 - Any: as given to send()
        serialized_key: bytes | None,
        value: Any,  # noqa: ARG001 - Any: as given to send()
        serialized_value: bytes | None,  # noqa: ARG001 - the form of all partitioners
        cluster: Cluster,
    ) -> int:
        available = sorted(cluster.available_partitions_for_topic(topic) or ())
        chosen: int = function(
            serialized_key, sorted(cluster.partitions_for_topic(topic) or ()), available
        )
        return chosen

    return partition
