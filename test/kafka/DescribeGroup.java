import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/** java DescribeGroup.java BROKERS GROUP : what Kafka's own tools see of a group; how it assigns, then a line per member. */
public class DescribeGroup {
  public static void main(String[] arguments) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
      var group = admin.describeConsumerGroups(List.of(arguments[1])).all().get().get(arguments[1]);
      System.out.println(group.partitionAssignor());
      group.members().stream()
        .map(member -> member.clientId() + " " + member.assignment().topicPartitions().stream()
          .map(Object::toString).sorted().collect(Collectors.joining(",")))
        .sorted()
        .forEach(System.out::println);
    }
  }
}
