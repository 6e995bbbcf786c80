import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads a case per line (test/conformance/format.ts), runs it on Kafka Streams and writes it back with what came of it as `expected`,
 * or with why it is no case as `invalid`, per line, in order. A case with `quick` is not run once more to see what depends on retention.
 */
public final class Oracle {
    private final Path root;
    private int runs = 0;

    private Oracle(final Path root) {
        this.root = root;
    }

    public static void main(final String[] parameters) throws IOException {
        final Path root = Files.createTempDirectory("millrace-oracle");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(root)));
        final Oracle oracle = new Oracle(root);
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        // Nothing else may write between the answers.
        System.setOut(System.err);
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!line.isBlank()) {
                out.println(Json.MAPPER.writeValueAsString(oracle.answer(line)));
                out.flush();
            }
        }
    }

    private JsonNode answer(final String line) throws IOException {
        final ObjectNode testCase = (ObjectNode) Json.MAPPER.readTree(line);
        try {
            return testCase.set("expected", expected(testCase));
        } catch (final BadCase e) {
            return JsonNodeFactory.instance.objectNode().put("invalid", e.getMessage());
        }
    }

    private ObjectNode expected(final JsonNode testCase) throws IOException {
        final ObjectNode result = run(testCase, CaseRun.Mode.PLAIN);
        if (result.has("error")) {
            return result;
        }
        if (hasWindows(testCase) && !testCase.path("quick").asBoolean()) {
            final ObjectNode keepingAll = run(testCase, CaseRun.Mode.KEEPS_ALL);
            if (!result.get("outputs").equals(keepingAll.get("outputs"))) {
                result.put("retentionSensitive", true);
            } else {
                addExpired(result.get("stores"), keepingAll.get("stores"));
            }
        }
        if (testCase.path("cached").asBoolean()) {
            result.set("cachedFinal", Outputs.lastOfEachKey(run(testCase, CaseRun.Mode.CACHED).get("outputs")));
        }
        return result;
    }

    private ObjectNode run(final JsonNode testCase, final CaseRun.Mode mode) throws IOException {
        final Path folder = Files.createDirectory(root.resolve(String.valueOf(runs++)));
        try {
            return CaseRun.of(testCase, mode, folder);
        } finally {
            delete(folder);
        }
    }

    private static boolean hasWindows(final JsonNode testCase) {
        for (final JsonNode node : testCase.get("topology")) {
            if (node.path("op").asText().equals("windowedBy")) {
                return true;
            }
        }
        return false;
    }

    /** What is only there as long as nothing is let go: a store may hold it or not. */
    private static void addExpired(final JsonNode stores, final JsonNode keepingAll) {
        stores.properties().forEach(store -> {
            if (!Set.of("window", "session").contains(store.getValue().get("kind").asText())) {
                return;
            }
            final Set<JsonNode> held = new HashSet<>();
            store.getValue().get("entries").forEach(held::add);
            final ArrayNode expired = JsonNodeFactory.instance.arrayNode();
            keepingAll.get(store.getKey()).get("entries").forEach(row -> {
                if (!held.contains(row)) {
                    expired.add(row);
                }
            });
            if (!expired.isEmpty()) {
                ((ObjectNode) store.getValue()).set("expired", expired);
            }
        });
    }

    private static void delete(final Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            final List<Path> innermostFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (final Path path : innermostFirst) {
                Files.deleteIfExists(path);
            }
        } catch (final IOException e) {
            System.err.println("left behind: " + e);
        }
    }
}
