import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.ApiVersions;
import org.apache.kafka.clients.ClientResponse;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.internals.ProducerBatch;
import org.apache.kafka.clients.producer.internals.TransactionManager;
import org.apache.kafka.clients.producer.internals.TransactionalRequestResult;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.message.AddOffsetsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.AddOffsetsToTxnResponse;
import org.apache.kafka.common.requests.AddPartitionsToTxnResponse;
import org.apache.kafka.common.requests.InitProducerIdResponse;
import org.apache.kafka.common.requests.ProduceResponse.PartitionResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.utils.LogContext;

/**
 * java ClassifyErrors.java : one line of JSON for each error of this version of Kafka: its code, its name, the classes of its
 * exception that say how to take it, and what this version's own transactional producer does when the answer of each of
 * `apis` carries it, in their order: retry, refresh (looks for the broker that answers for it, and retries), fence (somebody
 * else has taken over), abort or fatal. It is not derived but seen: the producer's TransactionManager is given the answer.
 */
public class ClassifyErrors {
  static final TopicPartition partition = new TopicPartition("topic", 0);
  static final List<String> apis =
      List.of("FIND_COORDINATOR", "INIT_PRODUCER_ID", "ADD_PARTITIONS_TO_TXN", "ADD_OFFSETS_TO_TXN",
          "TXN_OFFSET_COMMIT", "END_TXN", "PRODUCE");

  public static void main(String[] arguments) throws Exception {
    for (Errors error : Errors.values()) {
      List<String> found = new ArrayList<>();
      for (String api : apis) {
        if (error != Errors.NONE) found.add(outcome(api, error));
      }
      System.out.printf("[%d, \"%s\", \"%s\", \"%s\"]%n",
          error.code(), error.name(), classes(error), String.join(" ", found));
    }
  }

  /** Between the exception of its own and ApiException. */
  static String classes(Errors error) {
    if (error.exception() == null) return "";
    List<String> names = new ArrayList<>();
    var own = error.exception().getClass();
    for (Class<?> one = own.getSuperclass(); one != KafkaException.class; one = one.getSuperclass()) {
      if (one != ApiException.class) names.add(one.getSimpleName());
    }
    return String.join(" ", names);
  }

  static String outcome(String api, Errors error) throws Exception {
    Scene scene = new Scene();
    return api.equals("PRODUCE") ? scene.produced(error) : scene.answered(ApiKeys.valueOf(api), error);
  }

  /** A transaction manager on its way through a transaction, up to the request that is to be refused. */
  static class Scene {
    final TransactionManager manager =
        new TransactionManager(new LogContext(), "id", 60_000, 100L, new ApiVersions(), false);
    int correlationId = 0;

    String answered(ApiKeys api, Errors error) throws Exception {
      var initializing = manager.initializeTransactions(false);
      Object handler = next();
      if (api == ApiKeys.FIND_COORDINATOR) {
        call("lookupCoordinator", new Class<?>[] {handlerClass()}, handler);
        return refused(next(), error);
      }
      if (api == ApiKeys.INIT_PRODUCER_ID) return refused(handler, error);
      begin(handler, initializing);
      if (api == ApiKeys.ADD_PARTITIONS_TO_TXN) return refused(next(), error);
      complete(next());
      if (api == ApiKeys.END_TXN) {
        manager.beginCommit();
        return refused(next(), error);
      }
      manager.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(1)),
          new ConsumerGroupMetadata("group", 1, "member", Optional.empty()));
      handler = next();
      if (api == ApiKeys.ADD_OFFSETS_TO_TXN) return refused(handler, error);
      var added = new AddOffsetsToTxnResponse(new AddOffsetsToTxnResponseData());
      complete(handler, added);
      return refused(next(), error);
    }

    void begin(Object handler, TransactionalRequestResult initializing) throws Exception {
      var data = new InitProducerIdResponseData().setProducerId(1).setProducerEpoch((short) 0);
      complete(handler, new InitProducerIdResponse(data));
      initializing.await();
      manager.beginTransaction();
      manager.maybeAddPartition(partition);
    }

    String produced(Errors error) throws Exception {
      var initializing = manager.initializeTransactions(false);
      begin(next(), initializing);
      complete(next());
      var records = MemoryRecords.builder(java.nio.ByteBuffer.allocate(512), Compression.NONE,
          TimestampType.CREATE_TIME, 0L);
      var batch = new ProducerBatch(partition, records, 0L);
      batch.tryAppend(0L, new byte[1], new byte[1], new org.apache.kafka.common.header.Header[0], null, 0L);
      batch.setProducerState(new org.apache.kafka.common.utils.ProducerIdAndEpoch(1, (short) 0), 0, true);
      call("incrementSequenceNumber", new Class<?>[] {TopicPartition.class, int.class}, partition, 1);
      call("addInFlightBatch", new Class<?>[] {ProducerBatch.class}, batch);
      var response = new PartitionResponse(error, -1, -1, 0);
      var retried = call("canRetry", new Class<?>[] {PartitionResponse.class, ProducerBatch.class}, response, batch);
      if ((boolean) retried) {
        boolean stale = error.exception() instanceof org.apache.kafka.common.errors.InvalidMetadataException;
        return stale ? "refresh" : "retry";
      }
      call("handleFailedBatch", new Class<?>[] {ProducerBatch.class, RuntimeException.class, boolean.class},
          batch, error.exception(), true);
      return state();
    }

    /** Of the API of the next request that is waiting. */
    Object next() throws Exception {
      return call("nextRequest", new Class<?>[] {boolean.class}, false);
    }

    String refused(Object handler, Errors error) throws Exception {
      AbstractRequest request = request(handler);
      AbstractResponse response = request.getErrorResponse(0, error.exception());
      if (!response.errorCounts().containsKey(error)) throw new IllegalStateException("not answered with " + error);
      complete(handler, response);
      if (!state().equals("goes on")) return state();
      List<ApiKeys> waiting = new ArrayList<>();
      for (Object one = next(); one != null; one = next()) waiting.add(request(one).apiKey());
      boolean again = waiting.contains(request.apiKey());
      if (!again) return "goes on";
      boolean refreshed = waiting.contains(ApiKeys.FIND_COORDINATOR) && request.apiKey() != ApiKeys.FIND_COORDINATOR;
      return refreshed ? "refresh" : "retry";
    }

    String state() throws Exception {
      RuntimeException error = (RuntimeException) call("lastError", new Class<?>[0]);
      boolean fatal = (boolean) call("hasFatalError", new Class<?>[0]);
      boolean abortable = (boolean) call("hasAbortableError", new Class<?>[0]);
      if (!fatal && !abortable) return "goes on";
      if (fatal && error instanceof ProducerFencedException) return "fence";
      return fatal ? "fatal" : "abort";
    }

    /** AddPartitionsToTxn, with success. */
    void complete(Object handler) throws Exception {
      var results = AddPartitionsToTxnResponse.resultForTransaction("", Map.of(partition, Errors.NONE)).topicResults();
      var data = new AddPartitionsToTxnResponseData().setResultsByTopicV3AndBelow(results);
      complete(handler, new AddPartitionsToTxnResponse(data));
    }

    void complete(Object handler, AbstractResponse response) throws Exception {
      int id = correlationId++;
      call("setInFlightCorrelationId", new Class<?>[] {int.class}, id);
      ApiKeys api = request(handler).apiKey();
      var header = new RequestHeader(api, api.latestVersion(), "client", id);
      var answer = new ClientResponse(header, null, "1", 0L, 0L, false, null, null, response);
      invoke(method(handlerClass(), "onComplete", ClientResponse.class), handler, answer);
    }

    /** In the newest version that names one partition after the other. */
    AbstractRequest request(Object handler) throws Exception {
      var builder = (AbstractRequest.Builder<?>) invoke(method(handler.getClass(), "requestBuilder"), handler);
      short newest = builder.apiKey() == ApiKeys.ADD_PARTITIONS_TO_TXN ? 3 : builder.latestAllowedVersion();
      return builder.build(newest);
    }

    Object call(String name, Class<?>[] types, Object... values) throws Exception {
      return invoke(method(TransactionManager.class, name, types), manager, values);
    }
  }

  static Class<?> handlerClass() throws Exception {
    return Class.forName(TransactionManager.class.getName() + "$TxnRequestHandler");
  }

  static Method method(Class<?> of, String name, Class<?>... types) throws Exception {
    Method found = of.getDeclaredMethod(name, types);
    found.setAccessible(true);
    return found;
  }

  static Object invoke(Method method, Object on, Object... values) throws Exception {
    try {
      return method.invoke(on, values);
    } catch (InvocationTargetException wrapped) {
      if (wrapped.getCause() instanceof Exception cause) throw cause;
      throw wrapped;
    }
  }
}
