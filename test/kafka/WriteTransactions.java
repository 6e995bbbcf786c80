import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * java WriteTransactions.java BROKERS TOPIC : two partitions; a committed transaction, an aborted one, another committed
 * one with a tombstone, no key, bytes that are no text, and a header; then one that is left open in partition 1.
 */
public class WriteTransactions {
  public static void main(String[] arguments) throws Exception {
    String topic = arguments[1];
    try (var admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
      admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
    }
    var bytes = new ByteArraySerializer();
    Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "transactional.id", topic);
    var producer = new KafkaProducer<>(settings, bytes, bytes);
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(topic, 0, 1000L, utf8("a"), utf8("committed \"1\"")));
    producer.send(new ProducerRecord<>(topic, 1, 1001L, utf8("b"), utf8("committed 2")));
    producer.commitTransaction();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(topic, 0, 1002L, utf8("a"), utf8("aborted")));
    producer.flush();
    producer.abortTransaction();
    producer.beginTransaction();
    var withHeader = new ProducerRecord<byte[], byte[]>(topic, 0, 1003L, utf8("a"), null);
    withHeader.headers().add("traceid", utf8("é")).add("nothing", null);
    producer.send(withHeader);
    producer.send(new ProducerRecord<>(topic, 0, 1004L, null, new byte[] {(byte) 0xff, 0}));
    producer.commitTransaction();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(topic, 1, 1005L, utf8("b"), utf8("open")));
    producer.flush();
    // Ends as a killed process would: the transaction stays open.
    Runtime.getRuntime().halt(0);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
