"""Fifteen ways in which programs use the low-level classes, after code that is public.

The same file runs where kafka-python 2.0.2 or 2.3.3 is installed:
``python test/support/client_patterns.py HOST:PORT`` prints what comes of each. So it imports
nothing but ``kafka``, and keeps to what these releases have. The topic ``t`` has one partition.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

TOPIC = "t"


def host_and_port(servers: str) -> tuple[str, int]:
    host, port = servers.split(":")
    return host, int(port)


def ready_client(servers: str) -> tuple[Any, Any]:
    """Return a client and a node that is ready."""
    from kafka.client_async import KafkaClient

    client = KafkaClient(bootstrap_servers=servers)
    client.poll(future=client.cluster.request_update(), timeout_ms=60_000)
    node = client.least_loaded_node()
    end = time.monotonic() + 60
    while not client.ready(node):
        client.poll(timeout_ms=50)
        if time.monotonic() > end:
            raise AssertionError("not ready within 60 s")
    return client, node


def connection(servers: str, **options: Any) -> Any:
    from kafka.conn import BrokerConnection

    conn = BrokerConnection(*host_and_port(servers), socket.AF_INET, **options)
    assert conn.connect_blocking(timeout=60)
    return conn


def response_of(client: Any, node: Any, request: Any) -> Any:
    future = client.send(node, request)
    client.poll(future=future, timeout_ms=60_000)
    if future.failed():
        raise future.exception
    return future.value


def receive(conn: Any, request: Any) -> Any:
    future = conn.send(request)
    end = time.monotonic() + 60
    while not future.is_done:
        if time.monotonic() > end:
            raise AssertionError("no answer within 60 s")
        for response, found in conn.recv():
            found.success(response)
    if future.failed():
        raise future.exception
    return future.value


def is_it_up(servers: str) -> Any:
    from kafka import KafkaClient

    client = KafkaClient(bootstrap_servers=[servers])
    client.close()
    return True


def metadata_after_an_update(servers: str) -> Any:
    from kafka import KafkaClient

    client = KafkaClient(bootstrap_servers=servers)
    future = client.cluster.request_update()
    client.poll(future=future, timeout_ms=60_000)
    try:
        node_id, host, port, rack = client.cluster.controller
        topics, brokers = client.cluster.topics(), client.cluster.brokers()
        return [TOPIC in topics, len(brokers), isinstance(node_id, int), host, port > 0, rack]
    finally:
        client.close()


def metadata_request(servers: str) -> Any:
    from kafka.protocol.metadata import MetadataRequest

    client, node = ready_client(servers)
    try:
        found = response_of(client, node, MetadataRequest[4]([TOPIC], True))
        return [len(found.brokers), found.topics[0][1]]
    finally:
        client.close()


def topic_made_with_tuples(servers: str) -> Any:
    from kafka.protocol.admin import CreateTopicsRequest_v2

    client, node = ready_client(servers)
    try:
        request = CreateTopicsRequest_v2(
            create_topic_requests=[(TOPIC, 1, 1, [], [])], timeout=5000, validate_only=False
        )
        found = response_of(client, node, request)
        for topic, code, _message in found.topic_errors:
            return [topic, code]
    finally:
        client.close()


def bare_connection(servers: str) -> Any:
    from kafka.protocol.metadata import MetadataRequest

    conn = connection(servers)
    try:
        found = receive(conn, MetadataRequest[4]([TOPIC], True))
        return found.topics[0][1]
    finally:
        conn.close()


def requests_in_flight(servers: str) -> Any:
    from kafka.protocol.metadata import MetadataRequest

    conn = connection(servers)
    try:
        counts = [len(conn.in_flight_requests)]
        future = conn.send(MetadataRequest[4]([TOPIC], True))
        counts.append(len(conn.in_flight_requests))
        end = time.monotonic() + 60
        while not future.is_done and time.monotonic() < end:
            for response, found in conn.recv():
                counts.append(len(conn.in_flight_requests))
                found.success(response)
        return [*counts, len(conn.in_flight_requests)]
    finally:
        conn.close()


def offsets_of_a_group(servers: str) -> Any:
    from kafka.protocol.commit import OffsetFetchRequest_v3

    try:
        from kafka.protocol.find_coordinator import FindCoordinatorRequest
    except ImportError:
        from kafka.protocol.commit import GroupCoordinatorRequest as FindCoordinatorRequest

    conn = connection(servers)
    try:
        # Until the broker has its topic of offsets, there is no coordinator.
        end = time.monotonic() + 60
        while receive(conn, FindCoordinatorRequest[0]("nobody")).error_code == 15:
            assert time.monotonic() < end
            time.sleep(0.1)
        while True:
            found = receive(conn, OffsetFetchRequest_v3("nobody", None))
            if found.error_code not in (14, 15, 16) or time.monotonic() > end:
                return [found.error_code, list(found.topics)]
            time.sleep(0.1)
    finally:
        conn.close()


def version_everywhere(servers: str) -> Any:
    from kafka import KafkaConsumer, KafkaProducer
    from kafka.client_async import KafkaClient
    from kafka.conn import BrokerConnection

    found = []
    client = KafkaClient(bootstrap_servers=servers)
    found.append(client.check_version())
    client.close()
    conn = BrokerConnection(*host_and_port(servers), socket.AF_INET)
    found.append(conn.check_version(timeout=60))
    conn.close()
    consumer = KafkaConsumer(bootstrap_servers=servers)
    found.append(consumer._client.check_version())  # noqa: SLF001 - what programs do
    consumer.close()
    producer = KafkaProducer(bootstrap_servers=servers)
    found.append(producer._sender._client.check_version())  # noqa: SLF001 - the same
    producer.close()
    return sorted({version[:2] for version in found})


def api_versions(servers: str) -> Any:
    from kafka.client_async import KafkaClient
    from kafka.protocol.metadata import MetadataRequest

    client = KafkaClient(bootstrap_servers=servers)
    try:
        found = client.get_api_versions()
        low, high = found[3]
        version = client.api_version(MetadataRequest) if hasattr(client, "api_version") else 4
        return [isinstance(found, dict), low <= version <= high]
    finally:
        client.close()


def send_before_ready(servers: str) -> Any:
    from kafka.client_async import KafkaClient
    from kafka.protocol.metadata import MetadataRequest

    client = KafkaClient(bootstrap_servers=servers)
    try:
        client.poll(future=client.cluster.request_update(), timeout_ms=60_000)
        node = max(broker.nodeId for broker in client.cluster.brokers())
        client.close(node)
        first = client.send(node, MetadataRequest[0]([TOPIC]))
        end = time.monotonic() + 60
        second = first
        while second.failed() and time.monotonic() < end:
            client.poll(timeout_ms=50)
            second = client.send(node, MetadataRequest[1]([TOPIC]))
            if type(second.exception).__name__ == "UnsupportedVersionError":
                break
        client.poll(future=second, timeout_ms=60_000)
        return [type(first.exception).__name__, second.succeeded() or str(second.exception)]
    finally:
        client.close()


def callbacks_inside_poll(servers: str) -> Any:
    import threading

    from kafka.protocol.metadata import MetadataRequest

    client, node = ready_client(servers)
    called: list[Any] = []
    try:
        futures = [client.send(node, MetadataRequest[4]([TOPIC], True)) for _ in range(3)]
        for future in futures:
            future.add_callback(
                lambda _: called.append(threading.current_thread() is threading.main_thread())
            )
        time.sleep(0.2)
        before = len(called)
        end = time.monotonic() + 60
        while not all(future.is_done for future in futures) and time.monotonic() < end:
            client.poll(timeout_ms=100)
        return [before, len(called), all(called)]
    finally:
        client.close()


def structs_alone(servers: str) -> Any:
    from kafka.protocol.group import MemberAssignment
    from kafka.protocol.metadata import MetadataRequest, MetadataResponse

    del servers
    # In 2.x a class must be at hand while one of its requests is encoded.
    kind = MetadataRequest[1]
    request = kind([TOPIC])
    response = MetadataResponse[1]([(0, "h", 9092, None)], 0, [(0, TOPIC, False, [])])
    again = MetadataResponse[1].decode(response.encode())
    assignment = MemberAssignment(0, [(TOPIC, [0, 1])], b"")
    decoded = MemberAssignment.decode(assignment.encode())
    return [
        request.encode().hex(),
        again == response,
        again.to_object()["topics"][0]["topic"],
        decoded.assignment,
    ]


def states_by_name(servers: str) -> Any:
    from kafka.conn import BrokerConnection

    conn = BrokerConnection(*host_and_port(servers), socket.AF_INET)
    states = [str(conn.state)]
    conn.connect_blocking(timeout=60)
    states.append(str(conn.state))
    conn.close()
    return [*states, str(conn.state)]


def own_request(servers: str) -> Any:
    from kafka.protocol.api import Request, Response
    from kafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

    text = String("utf-8")
    synonym = (("config_name", text), ("config_value", text), ("config_source", Int8))
    entry = (
        ("config_names", text),
        ("config_value", text),
        ("read_only", Boolean),
        ("config_source", Int8),
        ("is_sensitive", Boolean),
        ("config_synonyms", Array(*synonym)),
    )
    resource = (
        ("error_code", Int16),
        ("error_message", text),
        ("resource_type", Int8),
        ("resource_name", text),
        ("config_entries", Array(*entry)),
    )
    wanted = (("resource_type", Int8), ("resource_name", text), ("config_names", Array(text)))

    class OwnResponse(Response):
        API_KEY = 32
        API_VERSION = 1
        SCHEMA = Schema(("throttle_time_ms", Int32), ("resources", Array(*resource)))

    class OwnRequest(Request):
        API_KEY = 32
        API_VERSION = 1
        RESPONSE_TYPE = OwnResponse
        SCHEMA = Schema(("resources", Array(*wanted)), ("include_synonyms", Boolean))

    client, node = ready_client(servers)
    try:
        request = OwnRequest([(2, TOPIC, ["cleanup.policy"])], False)
        found = response_of(client, node, request)
        code, _, _, name, entries = found.resources[0]
        return [code, name, entries[0][:2]]
    finally:
        client.close()


def topics_of_interest(servers: str) -> Any:
    client, _ = ready_client(servers)
    try:
        future = client.set_topics([TOPIC])
        client.poll(future=future, timeout_ms=60_000)
        same = client.add_topic(TOPIC)
        return [future.succeeded(), same.is_done, sorted(client.cluster.topics())]
    finally:
        client.close()


PATTERNS = {
    1: is_it_up,
    2: metadata_after_an_update,
    3: metadata_request,
    4: topic_made_with_tuples,
    5: bare_connection,
    6: requests_in_flight,
    7: offsets_of_a_group,
    8: version_everywhere,
    9: api_versions,
    10: send_before_ready,
    11: callbacks_inside_poll,
    12: structs_alone,
    13: states_by_name,
    14: own_request,
    15: topics_of_interest,
}


def outcome_of(number: int, servers: str) -> Any:
    """Return what comes of a pattern: its result as JSON has it, or the error."""
    try:
        return json.loads(json.dumps(PATTERNS[number](servers)))
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    for chosen in map(int, sys.argv[2:] or PATTERNS):
        start = time.monotonic()
        outcome = outcome_of(chosen, sys.argv[1])
        took = time.monotonic() - start
        print(chosen, PATTERNS[chosen].__name__, outcome, f"{took:.1f} s", flush=True)
