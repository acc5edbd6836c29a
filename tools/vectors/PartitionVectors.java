import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Reads a number of partitions and a key as hex a line, prints the partition Java chooses. */
public class PartitionVectors {
    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", -1);
            byte[] key = HexFormat.of().parseHex(words[1]);
            System.out.println(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(words[0])));
        }
    }
}
