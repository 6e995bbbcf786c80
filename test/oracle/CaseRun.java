import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/** One run of a case on Kafka Streams' test driver. */
final class CaseRun {
    /** With record caches; with windows retained for a year. */
    enum Mode { PLAIN, CACHED, KEEPS_ALL }

    private final JsonNode testCase;
    private final Mode mode;
    private final Properties settings;
    private final Set<Object> keys = new HashSet<>();
    private final TreeSet<Long> times = new TreeSet<>();
    private CaseTopology topology;
    private Outputs outputs;
    private int step = 0;

    private CaseRun(final JsonNode testCase, final Mode mode, final Path folder) {
        this.testCase = testCase;
        this.mode = mode;
        this.settings = settings(folder);
    }

    static ObjectNode of(final JsonNode testCase, final Mode mode, final Path folder) {
        return new CaseRun(testCase, mode, folder).run();
    }

    private ObjectNode run() {
        final TopologyTestDriver driver;
        try {
            driver = build();
        } catch (final BadCase e) {
            throw e;
        } catch (final Exception | StackOverflowError e) {
            return failed("build", e);
        }
        try {
            return feed(driver);
        } finally {
            close(driver);
        }
    }

    private TopologyTestDriver build() {
        topology = new CaseTopology(
            new StreamsBuilder(new TopologyConfig(new StreamsConfig(settings))), mode == Mode.KEEPS_ALL);
        Json.field(testCase, "topology").forEach(topology::add);
        return new TopologyTestDriver(topology.builder.build(settings), settings, Instant.EPOCH);
    }

    private ObjectNode feed(final TopologyTestDriver driver) {
        outputs = new Outputs(testCase.get("topology"), topology.outputTopics);
        try {
            final Map<String, TestInputTopic<Object, Object>> sources = new LinkedHashMap<>();
            topology.inputTopics.forEach(topic ->
                sources.put(topic, driver.createInputTopic(topic, KeySerde.KEYS.serializer(), ValueSerde.VALUES.serializer())));
            final Map<String, TestOutputTopic<Object, Object>> sinks = new LinkedHashMap<>();
            topology.outputTopics.forEach(topic -> sinks.put(topic,
                driver.createOutputTopic(topic, KeySerde.KEYS.deserializer(), ValueSerde.VALUES.deserializer())));
            for (final JsonNode input : Json.field(testCase, "inputs")) {
                take(driver, sources, input);
                sinks.forEach((topic, sink) -> sink.readRecordsToList().forEach(record -> record(topic, record)));
                step++;
            }
        } catch (final BadCase e) {
            throw e;
        } catch (final Exception | StackOverflowError e) {
            final ObjectNode failed = failed("run", e);
            failed.set("outputs", outputs.json());
            return failed;
        }
        return finished(driver);
    }

    private void take(final TopologyTestDriver driver, final Map<String, TestInputTopic<Object, Object>> sources,
                      final JsonNode input) {
        if (input.has("advanceWallClock")) {
            driver.advanceWallClockTime(Json.millis(input, "advanceWallClock"));
            return;
        }
        final TestInputTopic<Object, Object> source = sources.get(Json.text(input, "topic"));
        if (source == null) {
            throw new BadCase("nothing reads the topic of " + input);
        }
        final RecordHeaders headers = new RecordHeaders();
        input.path("headers").forEach(header ->
            headers.add(header.get(0).asText(), header.get(1).asText().getBytes(StandardCharsets.UTF_8)));
        final Object key = Json.literal(input.get("key"));
        final long timestamp = Json.number(input, "timestamp");
        keys.add(key);
        times.add(timestamp);
        source.pipeInput(new TestRecord<>(key, Json.literal(input.get("value")), headers, timestamp));
    }

    private void record(final String topic, final TestRecord<Object, Object> record) {
        outputs.add(topic, step, record);
        keys.add(Json.plainKey(record.key()));
        times.add(record.timestamp());
    }

    private ObjectNode finished(final TopologyTestDriver driver) {
        final ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.set("outputs", outputs.json());
        final ObjectNode stores = result.putObject("stores");
        topology.stores.forEach((name, kind) ->
            stores.set(name, StoreContents.of(driver, name, kind, keys, times)));
        return result.put("droppedRecords", dropped(driver));
    }

    private static long dropped(final TopologyTestDriver driver) {
        return driver.metrics().entrySet().stream()
            .filter(metric -> metric.getKey().name().equals("dropped-records-total"))
            .filter(metric -> metric.getKey().group().equals("stream-task-metrics"))
            .mapToLong(metric -> ((Number) metric.getValue().metricValue()).longValue())
            .sum();
    }

    private ObjectNode failed(final String phase, final Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        if (root instanceof BadCase bad) {
            throw bad;
        }
        final ObjectNode result = JsonNodeFactory.instance.objectNode();
        final ObjectNode error = result.putObject("error").put("phase", phase);
        if (phase.equals("run")) {
            error.put("step", step);
        }
        error.put("class", thrown.getClass().getSimpleName());
        if (root != thrown) {
            error.put("cause", root.getClass().getSimpleName());
        }
        return result;
    }

    /** After a failure in a record closing fails once more, which tells nothing new. */
    private static void close(final TopologyTestDriver driver) {
        try {
            driver.close();
        } catch (final RuntimeException e) {
            System.err.println("closing: " + e);
        }
    }

    private Properties settings(final Path folder) {
        final Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "oracle");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:0");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, KeySerde.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, ValueSerde.class);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, mode == Mode.CACHED ? 10L << 20 : 0L);
        properties.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, FastStores.class);
        if (testCase.path("config").path("optimize").asBoolean()) {
            properties.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
        }
        return properties;
    }
}
