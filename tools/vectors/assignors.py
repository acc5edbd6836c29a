"""``python -m tools.vectors.assignors``: let Java's assignors share partitions out.

Writes 500 groups for each assignor into ``test/unit/coordinator/assignors/java_assignors.json.gz``,
with what Java did; `tools.vectors.groups` says what is in it. Needs Java 17 and Maven.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import zlib
from pathlib import Path
from typing import Any, Final

from tools.generate_protocol.__main__ import LOGGING, NEWEST, ROOT
from tools.maven import fetch
from tools.vectors.__main__ import JACKSON
from tools.vectors.groups import InventedGroup, as_lists, invent, owners

TARGET: Final = ROOT / "test/unit/coordinator/assignors/java_assignors.json.gz"
GROUPS: Final = 500
CLASSES: Final = {
    "range": "RangeAssignor",
    "roundrobin": "RoundRobinAssignor",
    "sticky": "StickyAssignor",
    "cooperative-sticky": "CooperativeStickyAssignor",
}


def make_vectors(name: str) -> list[dict[str, Any]]:
    """Return the groups for one assignor, with what Java did."""
    sticky = "sticky" in name
    groups = [invent(f"{name} {number}", sticky=sticky) for number in range(GROUPS)]
    answers = _run([_order(name, group) for group in groups])
    return [_vector(group, answer) for group, answer in zip(groups, answers, strict=True)]


def _order(name: str, group: InventedGroup) -> dict[str, Any]:
    partitions = group.partitions()
    members: list[dict[str, Any]] = []
    for member in group.members:
        had = as_lists(partitions, member.had)
        members.append(
            {
                "id": member.member_id,
                "instance": member.instance_id,
                "topics": member.topics,
                "had": had,
                "owned": had if name == "cooperative-sticky" else [],
                "generation": member.generation,
                "rack": member.rack,
            }
        )
    topics = {topic: [list(racks) for racks in found] for topic, found in group.topics.items()}
    # The order of topics in Java's range is that of a hash map, and means nothing.
    return {"assignor": CLASSES[name], "sort": name == "range", "topics": topics, "members": members}


def _vector(group: InventedGroup, answer: dict[str, Any]) -> dict[str, Any]:
    vector: dict[str, Any] = {
        "topics": group.topics,
        "members": [list(member) for member in group.members],
        "owners": None,
        "crc": [_crc(group, answer["subscriptions"])],
    }
    if "error" in answer:
        print(answer["error"])
    else:
        vector["owners"] = owners(group, answer["shares"])
        vector["crc"].append(_crc(group, answer["assignments"]))
    return vector


def _crc(group: InventedGroup, of_member: dict[str, str]) -> int:
    written = (of_member[member.member_id] for member in group.members)
    return zlib.crc32(b"".join(map(bytes.fromhex, written)))


def _run(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    jars = fetch([NEWEST, LOGGING, *JACKSON])
    program = Path(__file__).with_name("AssignorVectors.java")
    command = ["java", "-cp", ":".join(map(str, jars)), str(program)]
    lines = "".join(json.dumps(order) + "\n" for order in orders)
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{program.name} failed:\n{run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def main() -> None:
    """Write the file."""
    vectors = {name: make_vectors(name) for name in CLASSES}
    text = json.dumps(vectors, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{TARGET.stat().st_size} bytes in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
