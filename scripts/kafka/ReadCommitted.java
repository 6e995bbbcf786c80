import java.io.PrintStream;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * java ReadCommitted.java BROKERS TOPIC : every committed record of a topic that is there now, one JSON line each, with
 * key, value and headers in base64. It is Apache Kafka's own consumer, so what it says does not depend on our code.
 */
public class ReadCommitted {
  private static final Base64.Encoder BASE64 = Base64.getEncoder();

  public static void main(String[] arguments) {
    String topic = arguments[1];
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", arguments[0],
        "isolation.level", "read_committed",
        "enable.auto.commit", false,
        "allow.auto.create.topics", false,
        "auto.offset.reset", "none",
        "max.poll.records", 5000);
    var bytes = new ByteArrayDeserializer();
    try (var consumer = new KafkaConsumer<>(settings, bytes, bytes);
        var out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16))) {
      List<TopicPartition> partitions = consumer.partitionsFor(topic, Duration.ofSeconds(30)).stream()
          .map(partition -> new TopicPartition(topic, partition.partition()))
          .collect(Collectors.toList());
      if (partitions.isEmpty()) throw new IllegalArgumentException("there is no topic " + topic);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // For a read_committed consumer these are the last stable offsets: nothing from there on is decided.
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, Duration.ofSeconds(30));
      while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          if (record.offset() < ends.get(new TopicPartition(topic, record.partition()))) out.println(line(record));
        }
      }
    }
  }

  private static String line(ConsumerRecord<byte[], byte[]> record) {
    var line = new StringBuilder(128)
        .append("{\"partition\":").append(record.partition())
        .append(",\"offset\":").append(record.offset())
        .append(",\"timestamp\":").append(record.timestamp())
        .append(",\"key\":").append(text(record.key()))
        .append(",\"value\":").append(text(record.value()))
        .append(",\"headers\":[");
    String separator = "";
    for (Header header : record.headers()) {
      line.append(separator).append('[').append(text(header.key().getBytes(StandardCharsets.UTF_8)));
      line.append(',').append(text(header.value())).append(']');
      separator = ",";
    }
    return line.append("]}").toString();
  }

  private static String text(byte[] bytes) {
    return bytes == null ? "null" : '"' + BASE64.encodeToString(bytes) + '"';
  }
}
