"""A vendor's examples for SASL over TLS, in one program: ``sasl_over_tls.py SERVERS``.

``ca.pem`` in the working directory is the certificate to trust.
"""

import ssl
import sys
import warnings

from kafka import KafkaConsumer, KafkaProducer

conf = {
    "bootstrap_servers": sys.argv[1].split(","),
    "topic_name": "orders",
    "sasl_username": "alice",
    "sasl_password": "wonder-42-land",
    "consumer_id": "billing",
}

# As the examples have it: the first context is thrown away, and the second, which Python calls
# deprecated, checks no host name.
warnings.filterwarnings("ignore", "ssl.PROTOCOL_TLS is deprecated")
context = ssl.create_default_context()
context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations("ca.pem")

print("start consumer")
consumer = KafkaConsumer(
    conf["topic_name"],
    bootstrap_servers=conf["bootstrap_servers"],
    group_id=conf["consumer_id"],
    sasl_mechanism="PLAIN",
    ssl_context=context,
    security_protocol="SASL_SSL",
    sasl_plain_username=conf["sasl_username"],
    sasl_plain_password=conf["sasl_password"],
)
# It reads what comes after it: the examples are started one after the other, by hand.
while not consumer.assignment():
    consumer.poll(100)
for partition in consumer.assignment():
    consumer.position(partition)

print("start producer")
producer = KafkaProducer(
    bootstrap_servers=conf["bootstrap_servers"],
    sasl_mechanism="PLAIN",
    ssl_context=context,
    security_protocol="SASL_SSL",
    sasl_plain_username=conf["sasl_username"],
    sasl_plain_password=conf["sasl_password"],
)
data = bytes("hello kafka!", encoding="utf-8")
producer.send(conf["topic_name"], data)
producer.close()
print("end producer")

for message in consumer:
    place = f"{message.topic}:{message.partition}:{message.offset}"
    print(f"{place}: key={message.key} value={message.value}")
    break
consumer.close()
print("end consumer")
