import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;

/**
 * java ClusterAdmin.java BROKERS : Apache Kafka's own admin client, told what to do line by line: NUMBER COMMAND ARGUMENTS.
 * Each line is answered with NUMBER ok ANSWER or NUMBER error REASON, not necessarily in order.
 */
public class ClusterAdmin {
  private static final Set<TransactionState> finished =
      Set.of(TransactionState.EMPTY, TransactionState.COMPLETE_ABORT, TransactionState.COMPLETE_COMMIT);
  private static Admin admin;

  public static void main(String[] arguments) throws Exception {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", arguments[0], "request.timeout.ms", 5000, "default.api.timeout.ms", 20000);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Admin opened = Admin.create(settings); var lines = new BufferedReader(new InputStreamReader(System.in))) {
      admin = opened;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ");
        threads.execute(() -> answer(words[0], () -> obey(words[1], Arrays.copyOfRange(words, 2, words.length))));
      }
      threads.shutdownNow();
    }
  }

  private static void answer(String number, Callable<String> command) {
    String said;
    try {
      said = number + " ok " + command.call();
    } catch (Exception failure) {
      said = number + " error " + String.valueOf(failure.getMessage()).replace('\n', ' ');
    }
    synchronized (System.out) {
      System.out.println(said);
    }
  }

  private static String obey(String command, String[] of) throws Exception {
    switch (command) {
      case "leader": return leader(new TopicPartition(of[0], Integer.parseInt(of[1])));
      case "move": return move(new TopicPartition(of[0], Integer.parseInt(of[1])), Integer.parseInt(of[2]));
      case "elect": return elect();
      case "unhealthy": return unhealthy();
      case "open": return open(of.length == 0 ? "" : of[0]);
      case "positions": return positions(of[0], Arrays.asList(of).subList(1, of.length));
      case "stable": return stable(of);
      default: throw new IllegalArgumentException("no such command: " + command);
    }
  }

  private static String leader(TopicPartition of) throws Exception {
    var leader = infoOf(of).leader();
    return leader == null ? "-1" : String.valueOf(leader.id());
  }

  private static TopicPartitionInfo infoOf(TopicPartition of) throws Exception {
    return admin.describeTopics(List.of(of.topic())).allTopicNames().get().get(of.topic()).partitions().get(of.partition());
  }

  /** Makes a replica the preferred one, and then the leader. */
  private static String move(TopicPartition what, int broker) throws Exception {
    var replicas = new ArrayList<>(infoOf(what).replicas().stream().map(node -> node.id()).toList());
    replicas.remove(Integer.valueOf(broker));
    replicas.add(0, broker);
    admin.alterPartitionReassignments(Map.of(what, Optional.of(new NewPartitionReassignment(replicas)))).all().get();
    admin.electLeaders(ElectionType.PREFERRED, Set.of(what)).partitions().get();
    return leader(what);
  }

  private static String elect() throws Exception {
    return String.valueOf(admin.electLeaders(ElectionType.PREFERRED, null).partitions().get().size());
  }

  /** How many partitions have no leader or miss a replica. */
  private static String unhealthy() throws Exception {
    var names = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
    long count = admin.describeTopics(names).allTopicNames().get().values().stream()
        .flatMap(topic -> topic.partitions().stream())
        .filter(one -> one.leader() == null || one.leader().isEmpty() || one.isr().size() < one.replicas().size())
        .count();
    return String.valueOf(count);
  }

  /** Transactions that are not finished, of ids with this beginning. */
  private static String open(String beginning) throws Exception {
    return admin.listTransactions().all().get().stream()
        .filter(one -> one.transactionalId().startsWith(beginning))
        .filter(one -> !finished.contains(one.state()))
        .map(one -> one.transactionalId() + "=" + one.state())
        .sorted().collect(Collectors.joining(","));
  }

  private static List<TopicPartition> partitionsOf(List<String> topics) throws Exception {
    return admin.describeTopics(topics).allTopicNames().get().values().stream()
        .flatMap(topic -> topic.partitions().stream().map(one -> new TopicPartition(topic.name(), one.partition())))
        .toList();
  }

  private static Map<TopicPartition, Long> ends(List<TopicPartition> partitions, IsolationLevel isolation) throws Exception {
    var specs = partitions.stream().collect(Collectors.toMap(one -> one, one -> OffsetSpec.latest()));
    var found = new HashMap<TopicPartition, Long>();
    admin.listOffsets(specs, new ListOffsetsOptions(isolation)).all().get().forEach((one, info) -> found.put(one, info.offset()));
    return found;
  }

  /** Of a group on some topics: partition=committed/end, with the end as of after the positions. */
  private static String positions(String group, List<String> topics) throws Exception {
    var partitions = partitionsOf(topics);
    var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    var ends = ends(partitions, IsolationLevel.READ_UNCOMMITTED);
    var lines = new TreeMap<String, String>();
    for (var one : partitions) {
      var position = committed.get(one);
      lines.put(one.toString(), (position == null ? 0 : position.offset()) + "/" + ends.get(one));
    }
    return lines.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).collect(Collectors.joining(","));
  }

  /** Partitions of these topics whose last stable offset is not their end. */
  private static String stable(String[] topics) throws Exception {
    var partitions = partitionsOf(List.of(topics));
    var committed = ends(partitions, IsolationLevel.READ_COMMITTED);
    var all = ends(partitions, IsolationLevel.READ_UNCOMMITTED);
    return partitions.stream().filter(one -> !committed.get(one).equals(all.get(one)))
        .map(one -> one + "=" + committed.get(one) + "/" + all.get(one)).collect(Collectors.joining(","));
  }
}
