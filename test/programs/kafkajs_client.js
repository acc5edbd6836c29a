// A client in Node that is told one address and finds the cluster at another one:
// node kafkajs_client.js SERVER
const { Kafka, logLevel } = require("kafkajs");

async function main() {
  const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.ERROR });

  const admin = kafka.admin();
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  await admin.disconnect();
  console.log("brokers:", brokers.map(({ host, port }) => `${host}:${port}`).sort().join(","));

  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 30 }, (_, number) => ({ value: `order ${number}` }));
  await producer.send({ topic: "orders", messages });
  await producer.disconnect();

  const consumer = kafka.consumer({ groupId: "billing" });
  await consumer.connect();
  await consumer.subscribe({ topics: ["orders"], fromBeginning: true });
  const seen = new Set();
  await new Promise((resolve, reject) => {
    const eachMessage = async ({ message }) => {
      seen.add(message.value.toString());
      if (seen.size === 30) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  console.log("orders read:", seen.size);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
