"""The private doors of other clients: a `KafkaClient` on their own network.

Tools reach through them: ``consumer._client``, ``admin._client``, ``producer._sender._client``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.client_async import KafkaClient
from kafka.low_level.client_link import Network

if TYPE_CHECKING:
    from kafka.net.network_client import NetworkClient

__all__ = ["Network", "SenderDoor", "door"]


def door(holder: object, network: Network) -> KafkaClient:
    """Return the client on the network of *holder*, the same one as long as the network is.

    Args:
        holder: a consumer, a producer or an admin client, which closes the network.
        network: its network.
    """
    made: tuple[NetworkClient, KafkaClient] | None = vars(holder).get("_door")
    if made is None or made[0] is not network.client:
        made = network.client, KafkaClient.on(network, holder)
        vars(holder)["_door"] = made
    return made[1]


class SenderDoor:
    """Stands where kafka-python's producers have their sender.

    Args:
        client: on the network of the producer.
    """

    def __init__(self, client: KafkaClient) -> None:
        self._client = client
