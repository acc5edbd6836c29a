"""Reading and merging message definitions."""

import json
import zipfile

import pytest

from tools.generate_protocol.definitions import load, merge
from tools.generate_protocol.render import render_module, snake_case


@pytest.fixture
def read(tmp_path):
    """Return a function that puts a definition into a jar and loads it."""

    def read(**changes):
        definition = {
            "apiKey": 1,
            "type": "response",
            "name": "ThingResponse",
            "validVersions": "0-5",
            "flexibleVersions": "4+",
            "fields": [],
        }
        jar = tmp_path / "x.jar"
        with zipfile.ZipFile(jar, "w") as archive:
            text = "// a comment\n" + json.dumps(definition | changes)
            archive.writestr("common/message/ThingResponse.json", text)
            archive.writestr("common/message/README.md", "no definition")
        return load(jar)

    return read


def field(name, versions="0+", **more):
    return {"name": name, "type": "int32", "versions": versions} | more


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0+", {0, 1, 2, 3, 4, 5}),
        ("3+", {3, 4, 5}),
        ("2-3", {2, 3}),
        ("4", {4}),
        ("7+", set()),
        ("none", set()),
    ],
)
def test_version_ranges_are_cut_to_the_valid_versions(read, text, expected):
    (definition,) = read(fields=[field("A", text)])
    assert definition.fields[0].versions == expected


def test_the_message_itself_is_read(read):
    (definition,) = read(listeners=["broker"])
    assert definition.versions == range(6)
    assert definition.flexible_since == 4
    assert definition.listeners == {"broker"}


def test_messages_without_versions_are_left_out(read):
    assert read(validVersions="none") == []


def test_structures_shared_by_fields_are_resolved(read):
    (definition,) = read(
        fields=[field("Items", type="[]Item", nullableVersions="2+", default="null", tag=1)],
        commonStructs=[{"name": "Item", "fields": [field("Id")]}],
    )
    (items,) = definition.fields
    assert (items.array, items.element, items.tag, items.default) == (True, "Item", 1, "null")
    assert items.nullable == {2, 3, 4, 5}
    assert items.fields[0].name == "Id"


def test_dropped_versions_come_from_the_older_release_under_the_newer_names(read):
    (newer,) = read(
        validVersions="3-6", fields=[field("NewName"), field("Added", "5+"), field("Last")]
    )
    (older,) = read(
        validVersions="0-4",
        fields=[field("Gone", "0-1"), field("OldName", "1+"), field("Last")],
    )
    merged = merge(newer, older)
    assert merged.versions == range(7)
    assert [(f.name, sorted(f.versions)) for f in merged.fields] == [
        ("Gone", [0, 1]),
        ("NewName", [1, 2, 3, 4, 5, 6]),
        ("Added", [5, 6]),
        ("Last", [0, 1, 2, 3, 4, 5, 6]),
    ]


def test_an_older_release_with_nothing_of_its_own_changes_nothing(read):
    (newer,) = read(validVersions="1-6")
    (drafts,) = read(validVersions="0")
    assert merge(newer, newer) is newer
    assert merge(newer, None) is newer
    assert merge(newer, drafts) is newer


def test_releases_that_disagree_are_an_error(read):
    (newer,) = read(validVersions="3-6", fields=[field("A")])
    (older,) = read(validVersions="0-4", fields=[field("A"), field("B")])
    with pytest.raises(ValueError, match="differ in version 3"):
        merge(newer, older)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ThrottleTimeMs", "throttle_time_ms"),
        ("V3AndBelowTopics", "v3_and_below_topics"),
        ("SASLHandshake", "sasl_handshake"),
        ("From", "from_"),
    ],
)
def test_names_become_python_names(name, expected):
    assert snake_case(name) == expected


def test_fields_with_gaps_in_their_versions_are_an_error(read):
    (newer,) = read(validVersions="3-6", fields=[field("A", "4+")])
    (older,) = read(validVersions="0-4", fields=[field("A", "0-1")])
    with pytest.raises(ValueError, match="gaps"):
        render_module("Thing", [merge(newer, older)])


def test_a_rendered_module_defines_the_message(read):
    (definition,) = read(
        fields=[
            field("Items", type="[]Item", fields=[field("Id", "1-2"), field("Ok", type="bool")])
        ]
    )
    namespace = {"__name__": "rendered"}
    exec(render_module("Thing", [definition]), namespace)
    message = namespace["ThingResponse"]
    item = message.Item(id=7, ok=True)
    assert message.decode(message(items=[item]).encode(2), 2).items == [item]
    assert message.FLEXIBLE_SINCE == 4
