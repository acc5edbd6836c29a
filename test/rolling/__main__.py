"""Restart the members of groups one after the other: ``python -m test.rolling``.

First eight static members, then eight cooperative ones, each beside the same group of
confluent-kafka: their members are restarted in turn.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from test.rolling.members import HEARTBEAT, confluent, ours
from test.rolling.story import MEMBERS, PARTITIONS, PAUSE, Group
from test.support.apache_kafka import NEWEST, KafkaCluster, missing_toolchain
from test.support.group_workers import NumberStream

if TYPE_CHECKING:
    from test.rolling.pauses import Total

# Seconds that a partition may pause which keeps its reader.
_LONGEST = 1.0


def main() -> int:
    """Return 1 if static members rebalance, or partitions that stay put pause for too long."""
    parser = argparse.ArgumentParser(prog="python -m test.rolling", description=__doc__)
    parser.add_argument("--release", default=NEWEST, help="of Apache Kafka (%(default)s)")
    parser.add_argument("--kinds", default="static,cooperative", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=1, help="through all members (%(default)s)")
    options = parser.parse_args()
    if missing := missing_toolchain():
        print(missing, file=sys.stderr)
        return 1
    kinds = options.kinds.split(",")
    with KafkaCluster(options.release) as cluster:
        totals = {kind: _roll(cluster, kind, options.rounds) for kind in kinds}
    for kind, by_client in totals.items():
        mine, theirs = by_client["ours"], by_client["confluent-kafka"]
        print(
            f"{kind}: pauses {mine.pause:.1f} s beside {theirs.pause:.1f} s of confluent-kafka; "
            f"start to first record {mine.first_record / theirs.first_record:.2f}x"
        )
    rebalances = "static" in totals and totals["static"]["ours"].rebalances > 0
    longest = max(by_client["ours"].longest_kept for by_client in totals.values())
    return int(rebalances or longest > _LONGEST)


def _roll(cluster: KafkaCluster, kind: str, rounds: int) -> dict[str, Total]:
    cluster.create_topic(kind, PARTITIONS, 1)
    servers = cluster.bootstrap_servers
    groups = {
        name: Group(partial(make, servers, kind, f"{kind}-{name}"), name, static=kind == "static")
        for name, make in (("ours", ours), ("confluent-kafka", confluent))
    }
    stream = NumberStream(servers, kind, PARTITIONS, PAUSE)
    try:
        for group in groups.values():
            group.start()
        restarts = rounds * MEMBERS
        for number in range(restarts):
            phase = HEARTBEAT * (number + 0.5) / restarts
            for name, group in groups.items():
                found = group.restart(number % MEMBERS, phase)
                print(f"{kind} {name} {phase:.2f} s after a heartbeat: {found}", flush=True)
    finally:
        stream.stop()
        for group in groups.values():
            group.stop()
    totals = {name: group.total for name, group in groups.items()}
    for name, total in totals.items():
        print(f"-- {kind} {name}: {total}", flush=True)
    return totals


if __name__ == "__main__":
    sys.exit(main())
