import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * Print record batches written by Kafka's own classes, with what its own reader finds in them, as
 * JSON.  Run by hand with kafka-clients and its dependencies on the class path:
 *
 *   mvn dependency:copy-dependencies   (of org.apache.kafka:kafka-clients:4.4.0)
 *   java -cp 'target/dependency/*' tools/vectors/RecordVectors.java > test/vectors/java_records.json
 */
public final class RecordVectors {
    private static final long TIME = 1_700_000_000_000L;
    private static final HexFormat HEX = HexFormat.of();

    private record Entry(long offset, long timestamp, byte[] key, byte[] value, Header[] headers) {}

    public static void main(String[] args) {
        List<String> vectors = new ArrayList<>();
        for (byte magic = 0; magic <= 2; magic++) {
            for (CompressionType type : CompressionType.values()) {
                if (magic == 2 || type != CompressionType.ZSTD) {
                    vectors.add(vector(magic, type, TimestampType.CREATE_TIME, dense(magic, 3), 5));
                    vectors.add(vector(magic, type, TimestampType.CREATE_TIME, large(type), 0));
                    if (magic > 0) {
                        vectors.add(vector(magic, type, TimestampType.LOG_APPEND_TIME, dense(magic, 2), 9));
                    }
                }
            }
        }
        vectors.add(vector((byte) 2, CompressionType.NONE, TimestampType.CREATE_TIME, sparse(), 100));
        vectors.add(vector((byte) 2, CompressionType.GZIP, TimestampType.CREATE_TIME, sparse(), 100));
        System.out.println("[\n" + String.join(",\n", vectors) + "\n]");
    }

    /** Records with every kind of key, value and, in magic 2, headers. */
    private static List<Entry> dense(byte magic, int count) {
        Header[] none = {};
        Header[] some = {new RecordHeader("trace", bytes("1")), new RecordHeader("trace", null),
            new RecordHeader("h\u00e9", bytes(""))};
        List<Entry> entries = new ArrayList<>();
        long base = count == 3 ? 5 : 9;
        entries.add(new Entry(base, TIME, bytes("key"), bytes("value"), none));
        entries.add(new Entry(base + 1, TIME - 7, null, bytes(""), magic == 2 ? some : none));
        if (count == 3) {
            entries.add(new Entry(base + 2, TIME + 100_000, bytes(""), null, none));
        }
        return entries;
    }

    /** Enough records for two-byte offset deltas, and values for more than one compressed block. */
    private static List<Entry> large(CompressionType type) {
        int times = type == CompressionType.NONE ? 100 : 7_000;
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            byte[] value = ("record " + i + " ").repeat(i == 3 ? times : 3).getBytes(StandardCharsets.UTF_8);
            entries.add(new Entry(i, TIME + i, null, value, new Header[0]));
        }
        return entries;
    }

    /** What compaction leaves: missing offsets. */
    private static List<Entry> sparse() {
        List<Entry> entries = new ArrayList<>();
        for (int i : new int[] {1, 2, 70, 9_000, 3_000_000}) {
            entries.add(new Entry(100 + i, TIME + i, bytes("k" + i), bytes("v"), new Header[0]));
        }
        return entries;
    }

    private static String vector(
            byte magic, CompressionType type, TimestampType timestampType, List<Entry> entries, long baseOffset) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(
            ByteBuffer.allocate(1 << 16), magic, Compression.of(type).build(), timestampType, baseOffset, TIME + 5);
        for (Entry entry : entries) {
            builder.appendWithOffset(
                entry.offset(), entry.timestamp(), wrap(entry.key()), wrap(entry.value()), entry.headers());
        }
        MemoryRecords records = builder.build();
        ByteBuffer buffer = records.buffer().duplicate();
        byte[] written = new byte[buffer.remaining()];
        buffer.get(written);
        List<String> found = new ArrayList<>();
        for (RecordBatch batch : records.batches()) {
            for (Record record : batch) {
                found.add(describe(record, batch.timestampType() == TimestampType.LOG_APPEND_TIME
                    ? batch.maxTimestamp() : record.timestamp()));
            }
        }
        return String.format(
            "{\"magic\": %d, \"codec\": \"%s\", \"timestamp_type\": \"%s\", \"bytes\": \"%s\", \"records\": [%s]}",
            magic, type.name, timestampType, HEX.formatHex(written), String.join(", ", found));
    }

    private static String describe(Record record, long timestamp) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add("[\"" + header.key() + "\", " + hex(header.value()) + "]");
        }
        return String.format("[%d, %d, %s, %s, [%s]]", record.offset(), timestamp,
            hex(array(record.key())), hex(array(record.value())), String.join(", ", headers));
    }

    private static byte[] array(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] found = new byte[buffer.remaining()];
        buffer.duplicate().get(found);
        return found;
    }

    private static ByteBuffer wrap(byte[] data) {
        return data == null ? null : ByteBuffer.wrap(data);
    }

    /** Hexadecimal, or the digest of what would be long. */
    private static String hex(byte[] data) {
        if (data == null) {
            return "null";
        }
        try {
            return data.length <= 256 ? "\"" + HEX.formatHex(data) + "\""
                : "\"sha256:" + HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(data)) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
