"""A topic of a bank, from its creation to its messages, as a lab has it: ``program SERVERS``."""

import json
import sys
from itertools import islice

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic


def main() -> None:
    """Create the topic, look at its configs, send two transactions and read them."""
    servers = sys.argv[1]
    admin_client = KafkaAdminClient(bootstrap_servers=servers, client_id="test")
    topic_list = []
    new_topic = NewTopic(name="bankbranch", num_partitions=2, replication_factor=1)
    topic_list.append(new_topic)
    admin_client.create_topics(new_topics=topic_list)

    configs = admin_client.describe_configs(
        config_resources=[ConfigResource(ConfigResourceType.TOPIC, "bankbranch")]
    )
    for resource in configs[0].resources:
        print(resource[3], "has", min(entry[0] for entry in resource[4]))
    print("retention.ms" in dict(configs)["topic"]["bankbranch"])
    admin_client.close()

    producer = KafkaProducer(
        bootstrap_servers=servers, value_serializer=lambda v: json.dumps(v).encode("utf-8")
    )
    producer.send("bankbranch", {"atmid": 1, "transid": 100})
    producer.send("bankbranch", {"atmid": 2, "transid": 101})
    producer.close()

    consumer = KafkaConsumer(
        "bankbranch",
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
    )
    for line in sorted(msg.value.decode("utf-8") for msg in islice(consumer, 2)):
        print(line)
    consumer.close()


if __name__ == "__main__":
    main()
