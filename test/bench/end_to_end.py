"""This client beside its peers on one broker, interleaved in one run; prints ratios.

A process for each measured run. Every round measures each client once, in an order that alternates,
and figures are only ever compared with others of the same round.

    python -m test.bench.end_to_end --rounds 5 --count 1000000 --rows send,poll
    python -m test.bench.end_to_end --broker kafka,mock,replay --rows all --json results.json

With ``--before`` the only peer is this client as another tree has it, such as a worktree of an
older commit; a row may not be more than 3 % slower:

    python -m test.bench.end_to_end --rounds 15 --rows send,poll --before ../before
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import venv
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from test.bench import machine
from test.bench.brokers import Broker, MockCluster, Place, RealKafka, Records, Replay, TlsKafka
from test.bench.results import OURS, Header, Result, Run, compare, limit, line, write
from test.bench.row_choice import BEFORE, beside_before, chosen
from test.bench.rows import BROKERS, ROWS, Peer, Row

WORKERS = Path(__file__).parent / "workers"
TREE = Path(__file__).parents[2]
RELEASED = ("kafka-python==3.0.12", "crc32c", "lz4", "zstandard")
IMPORT = "kafka.import"
IDLE = "kafka.idle"
_TIMEOUT = 600.0


@functools.cache
def released_interpreter() -> str:
    """Return the interpreter of a venv that holds the released kafka-python."""
    home = Path.home() / ".cache" / "kafka-python-tests" / "released"
    python, complete = home / "bin" / "python", home / "complete"
    wanted = "\n".join(RELEASED)
    if not complete.exists() or complete.read_text() != wanted:
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *RELEASED], check=True)
        complete.write_text(wanted)
    return str(python)


def interpreter(client: str) -> str:
    """Return the interpreter that has *client* installed."""
    return released_interpreter() if client == "kafka-python" else sys.executable


def measure(
    what: str,
    python: str,
    mode: str,
    place: Place,
    count: int,
    size: int,
    codec: str | None = None,
    **more: str,
) -> Run:
    """Run *mode* once in a process of its own.

    Args:
        what: this is, for who reads that it failed: row and client.
        python: the interpreter.
        mode: as `workers/worker.py` names it.
        place: where the records go or come from.
        count: of records; for `IDLE` the milliseconds to sit. An import has none.
        size: of a value, in bytes.
        codec: compresses the batches.
        more: goes to its environment.

    Raises:
        SystemExit: it failed, or did less than it was asked for.
    """
    if mode == IMPORT:
        command = [python, str(WORKERS / "importing.py")]
    else:
        command = [python, str(WORKERS / "worker.py"), mode, place.bootstrap, place.topic]
        command += [str(count), str(size)]
        command += [codec] if codec else []
    # A user's interpreter keeps what it has compiled.
    hidden = {"PYTHONDONTWRITEBYTECODE"}
    if python != sys.executable:
        # It could lead to this project's package instead of the released one of the same name.
        hidden.add("PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    environment |= more
    if place.ca is not None:
        environment["BENCH_CA"] = place.ca
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_TIMEOUT, check=False, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{what}: {mode} failed:\n{done.stderr}")
    run = Run(**json.loads(done.stdout.splitlines()[-1]))
    asked = 1 if mode == IMPORT else count
    # A consumer may get some more with the last lot.
    if run.records < asked:
        raise SystemExit(
            f"{what}: {mode} was asked for {asked:,} records and did {run.records:,}; such a run"
            " does not count: see whether the broker is in trouble, then measure the row again"
        )
    return run


def fill(place: Place, records: Records) -> None:
    """Write what consumers read."""
    mode = "kafka.fill-varied" if records.vary else "kafka.fill"
    what = f"{place.topic}, before it is read"
    more = {} if records.busy is None else {"BENCH_BUSY": str(records.busy)}
    measure(what, sys.executable, mode, place, records.number, records.size, records.codec, **more)


class Bench:
    """One broker and what is measured on it.

    Args:
        name: of the broker.
        broker: runs.
        options: of the command line.
    """

    def __init__(self, name: str, broker: Broker, options: argparse.Namespace) -> None:
        self._name = name
        self._broker = broker
        self._options = options

    def run(self, name: str, row: Row) -> list[Result]:
        """Measure *row* in interleaved rounds."""
        clients = {OURS: Peer(row.mode, tls=row.tls), **row.peers}
        places = {client: self._place(name, row, peer) for client, peer in clients.items()}
        runs: dict[str, list[Run]] = {client: [] for client in clients}
        self._warm_up(name, row, clients, places)
        for number in range(self._options.rounds):
            for client in list(clients)[:: -1 if number % 2 else 1]:
                run = self._measure(name, row, client, clients[client], places[client])
                runs[client].append(run)
        return self._judge(name, row, runs)

    def _warm_up(
        self, name: str, row: Row, clients: dict[str, Peer], places: dict[str, Place]
    ) -> None:
        """Run what is not counted, so that nobody pays for being the first."""
        if row.mode == IMPORT:
            # Compiles.
            for client, peer in clients.items():
                self._measure(name, row, client, peer, places[client])
        elif row.mode != IDLE:
            count = int(self._options.count * row.share) // 10
            what = f"{name}, warming up"
            for place in set(places.values()):
                if not row.flow.reads:
                    # The broker takes many ms for the first batches of a partition.
                    measure(what, sys.executable, "kafka.touch", place, 1, 1)
                measure(what, sys.executable, row.mode, place, count, self._size(row), row.codec)

    def _size(self, row: Row) -> int:
        return int(row.size or self._options.size)

    def _measure(self, name: str, row: Row, client: str, peer: Peer, place: Place) -> Run:
        count = int(self._options.count * row.share * peer.share)
        # It takes the mock cluster's answer to ApiVersions for the end of the connection.
        is_lost = client == "kafka-python" and self._name == "mock"
        more = {"BENCH_API_VERSION": "2.1"} if is_lost else {}
        if self._options.before is not None:
            tree = self._options.before if client == BEFORE else TREE
            more["PYTHONPATH"] = str(tree)
        size = self._size(row)
        python, what = interpreter(client), f"{name}, {client}"
        return measure(what, python, peer.mode, place, count, size, row.codec, **more)

    def _place(self, name: str, row: Row, peer: Peer) -> Place:
        place = self._plain_place(name, row, peer)
        if not peer.tls:
            return place
        assert isinstance(self._broker, TlsKafka)
        return self._broker.over_tls(place)

    def _plain_place(self, name: str, row: Row, peer: Peer) -> Place:
        partitions = peer.partitions or row.partitions or self._options.partitions
        count = int(self._options.count * row.share)
        if row.mode == IDLE:
            count = 1000
        elif not row.flow.reads:
            return self._broker.empty(f"bench-{name}", partitions)
        return self._broker.holding(
            Records(count, self._size(row), row.codec, row.vary, row.busy), partitions
        )

    def _judge(self, name: str, row: Row, runs: dict[str, list[Run]]) -> list[Result]:
        # The targets are meant for a real broker.
        is_real = self._name == "kafka"
        targets = {client: peer.target if is_real else None for client, peer in row.peers.items()}
        header = Header(name, row.what, self._name, row.metric, self._size(row))
        found = compare(header, runs, targets)
        if row.limits:
            limits = [
                limit(header, metric, most, runs[OURS]) for metric, most in row.limits.items()
            ]
            found = [*limits, *found[1:]]
        return found


def start(name: str, stack: ExitStack, *, tls: bool) -> Broker:
    """Start the broker called *name*, if asked for with TLS; it ends with *stack*."""
    if name == "kafka":
        return TlsKafka.start(stack, fill) if tls else RealKafka.start(stack, fill)
    return MockCluster.start(stack) if name == "mock" else Replay(stack)


def run_all(options: argparse.Namespace, rows: dict[str, Row]) -> list[Result]:
    """Measure *rows* on each broker that can serve them; print a line for each client."""
    found: list[Result] = []
    shared = head(options) if options.json is not None else {}
    for name in options.broker.split(","):
        served = {key: row for key, row in rows.items() if name in row.flow.brokers}
        if not served:
            continue
        with ExitStack() as stack:
            benches: dict[bool, Bench] = {}
            print(f"-- {name}, {options.rounds} rounds", flush=True)
            for key, row in served.items():
                if row.tls not in benches:
                    benches[row.tls] = Bench(name, start(name, stack, tls=row.tls), options)
                results = benches[row.tls].run(key, row)
                print("\n".join(map(line, results)), flush=True)
                found += results
                # After each row: should a later one fail, this one is not measured for nothing.
                if options.json is not None:
                    write(options.json, shared, found)
    return found


def head(options: argparse.Namespace) -> dict[str, Any]:
    """Return what all results share."""
    pythons = {client: interpreter(client) for client in ("ours", "kafka-python")}
    return machine.head(pythons) | {"rounds": options.rounds, "count": options.count}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--broker", default="kafka", help=f"of {', '.join(BROKERS)}")
    parser.add_argument("--sizes", default="100,1000,10000", help="of the sweep, in bytes")
    parser.add_argument("--codecs", default="none,lz4,zstd,gzip", help="of the sweep")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--before", type=Path, help="another tree of this client: the only peer")
    options = parser.parse_args()
    if options.before is not None and not (options.before / "kafka" / "version.py").exists():
        parser.error(f"{options.before} is no tree of this client")
    if unknown := set(options.broker.split(",")) - set(BROKERS):
        parser.error(f"no such broker: {', '.join(sorted(unknown))}")
    try:
        rows = chosen(
            options.rows, list(map(int, options.sizes.split(","))), options.codecs.split(",")
        )
    except KeyError as exc:
        parser.error(f"no such row: {exc.args[0]}; there are {', '.join(ROWS)}, all, sweep")
    if options.before is not None:
        rows = beside_before(rows)
    results = run_all(options, rows)
    missed = [result for result in results if result.holds is False]
    unsteady = sum(r.holds is True and r.straddles for r in results)
    print(
        f"{sum(r.holds is True for r in results)} targets hold ({unsteady} of them not in each"
        f" round), {len(missed)} are missed"
    )


if __name__ == "__main__":
    main()
