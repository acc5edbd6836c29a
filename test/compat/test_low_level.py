"""The low-level classes of kafka-python 2.0.2 and 2.3.3: methods, arguments, states and options."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from kafka.client_async import KafkaClient
from kafka.cluster import ClusterMetadata
from kafka.conn import BrokerConnection, ConnectionStates
from kafka.low_level.options import options_of

# Any: JSON, found by introspection of the released packages.
FACTS: dict[str, Any] = json.loads(
    Path(__file__).with_name("low_level_2.json").read_text(encoding="utf-8")
)
CLASSES: dict[str, type] = {
    "KafkaClient": KafkaClient,
    "BrokerConnection": BrokerConnection,
    "ClusterMetadata": ClusterMetadata,
}
# Each is a row of docs/compat.rst.
OTHERWISE = {
    # 2.3.3 has None, which stands for the option.
    ("2.0.2", "KafkaClient", "check_version"),
    # The names are those of 3.x.
    ("2.3.3", "ClusterMetadata", "add_coordinator"),
}
METHODS = [
    (release, name, method)
    for release in FACTS
    for name in CLASSES
    for method in FACTS[release]["methods"][name]
]


def parameters(function: Any) -> list[list[str]]:
    """Return names and defaults of the arguments, as the facts have them."""
    return [
        [p.name] if p.default is p.empty else [p.name, "[]" if p.default == () else repr(p.default)]
        for p in inspect.signature(function).parameters.values()
        if p.name != "self"
    ]


@pytest.mark.parametrize(("release", "name", "method"), METHODS)
def test_a_method_takes_the_same_arguments_in_the_same_order(
    release: str, name: str, method: str
) -> None:
    expected = FACTS[release]["methods"][name][method]
    found = parameters(getattr(CLASSES[name], method))[: len(expected)]
    if (release, name, method) in OTHERWISE:
        assert len(found) == len(expected)
    else:
        assert found == expected


@pytest.mark.parametrize("release", FACTS)
def test_a_state_has_the_same_text(release: str) -> None:
    assert {name: ConnectionStates[name] for name in FACTS[release]["states"]} == FACTS[release][
        "states"
    ]


@pytest.mark.parametrize("release", FACTS)
@pytest.mark.parametrize("name", ["KafkaClient", "BrokerConnection"])
def test_every_option_is_known(release: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        for option in FACTS[release]["options"][name]:
            options_of(name, {option: KafkaClient.DEFAULT_CONFIG.get(option, 2000)})


@pytest.mark.parametrize(
    "statement", ["import kafka", "from kafka import KafkaProducer, KafkaConsumer"]
)
@pytest.mark.parametrize(
    "module", ["kafka.conn", "kafka.client_async", "kafka.low_level", "kafka.protocol.legacy"]
)
def test_a_program_that_does_not_use_them_does_not_load_them(statement: str, module: str) -> None:
    code = f"import sys; {statement}; print({module!r} in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
