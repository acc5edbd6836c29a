"""What the modules of kafka-python's protocol offer."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from kafka.protocol import types
from kafka.protocol.legacy.table import MODULES, rows
from test.support.released_structs import offered

# Not public names of the modules: what they import from elsewhere, and helpers.
FOREIGN = {"absolute_import", "add_metaclass", "BytesIO", "IntEnum", "WeakMethod", "error"}
FOREIGN |= {"BaseApiVersionsResponse"}
# Not there, as docs/compat.rst says; the parser imports what it uses.
DROPPED = {f"kafka.protocol.{name}" for name in ("message", "pickle", "parser")}
BLOCKS = {name for name in dir(types) if not name.startswith("_")}
OFFERED = sorted(
    {
        (module, name)
        for modules in offered().values()
        for module, names in modules.items()
        if module not in DROPPED
        for name in set(names) - FOREIGN
        if module[15:] in rows(MODULES) or name not in BLOCKS
    }
)


def test_every_public_name_of_the_releases_is_at_its_path():
    missing = [(m, name) for m, name in OFFERED if not hasattr(import_module(m), name)]
    assert missing == []
    assert len(OFFERED) > 550


def test_modules_of_kafka_protocol_old_are_the_same_ones():
    import kafka.protocol.old.metadata
    from kafka.protocol.old import api, types
    from kafka.protocol.old.metadata import MetadataRequest

    assert MetadataRequest is import_module("kafka.protocol.metadata").MetadataRequest
    assert types is import_module("kafka.protocol.types")
    assert api.Request is import_module("kafka.protocol.api").Request
    assert kafka.protocol.old.metadata is import_module("kafka.protocol.metadata")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ProduceRequest", "module 'kafka.protocol.metadata' has no attribute 'ProduceRequest'"),
        ("MetadataRequest_v99", "Metadata has versions 0 to 13 here"),
        ("nothing", "has no attribute 'nothing'"),
    ],
)
def test_name_that_there_is_not_is_an_attribute_error(name, said):
    with pytest.raises(AttributeError, match=said):
        getattr(import_module("kafka.protocol.metadata"), name)


def test_star_import_and_dir_have_the_names_of_2_x():
    namespace = {}
    exec("from kafka.protocol.metadata import *", namespace)
    assert {"MetadataRequest", "MetadataResponse_v8"} <= set(namespace)
    assert "offer" not in namespace
    assert {"GroupMember", "DEFAULT_GENERATION_ID", "JoinGroupRequest_v0"} <= set(
        dir(import_module("kafka.protocol.group"))
    )


def test_api_versions_offers_both_what_it_is_and_what_2_3_has():
    from kafka.protocol.api_versions import ApiVersions, ApiVersionsRequest, ApiVersionsResponse_v0

    assert ApiVersions({}).range_of(3) is None
    assert ApiVersionsRequest[0]().encode() == b""
    assert ApiVersionsResponse_v0(0, [(3, 0, 5)]).api_versions == [(3, 0, 5)]


@pytest.mark.parametrize(
    "statement",
    ["import kafka", "from kafka import KafkaProducer, KafkaConsumer", "import kafka.protocol"],
)
def test_clients_load_nothing_of_it(statement):
    program = (
        f"import sys; {statement}; print([m for m in sys.modules if m in ("
        "'kafka.protocol.legacy', 'kafka.protocol.types', 'kafka.protocol.struct',"
        " 'kafka.protocol.api_key', 'kafka.conn', 'kafka.client_async')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_modules_of_3_x_have_what_it_has_there():
    from kafka.protocol.consumer import IsolationLevel, OffsetCommitRequest, OffsetResetStrategy
    from kafka.protocol.metadata import CoordinatorType
    from kafka.protocol.producer import WriteTxnMarkersRequest
    from kafka.protocol.sasl import SaslHandshakeRequest

    assert (IsolationLevel.READ_COMMITTED, CoordinatorType.TRANSACTION) == (1, 1)
    assert OffsetResetStrategy.EARLIEST == -2
    families = (OffsetCommitRequest, WriteTxnMarkersRequest, SaslHandshakeRequest)
    assert [family.API_KEY for family in families] == [8, 27, 17]
