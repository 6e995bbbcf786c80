import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;

/** The processors of the format (section 4). */
final class Processors {
    private Processors() { }

    /** What is done with each record. */
    private interface Each {
        void process(ProcessorContext<Object, Object> context, Record<Object, Object> record);
    }

    static ProcessorSupplier<Object, Object, Object, Object> supplier(final JsonNode f) {
        switch (Json.text(f, "fn")) {
            case "shiftTimestamp": {
                final long ms = Json.number(f, "ms");
                return () -> of((context, r) -> context.forward(r.withTimestamp(Math.max(0, r.timestamp() + ms))));
            }
            case "timestampFromValue": {
                final Functions.Mapper mapper = Functions.mapper(Json.field(f, "mapper"));
                return () -> of((context, r) -> {
                    final Object found = r.value() == null ? null : mapper.map(r.key(), r.value());
                    context.forward(found == null ? r : r.withTimestamp(Functions.num(found)));
                });
            }
            case "streamTime":
                return () -> of((context, r) ->
                    context.forward(r.withValue(Functions.str(r.value()) + "@" + context.currentStreamTimeMs())));
            case "dedupe": {
                final String store = Json.text(f, "store");
                return () -> of((context, r) -> dedupe(rows(context, store), context, r));
            }
            case "runningCount": {
                final String store = Json.text(f, "store");
                return () -> of((context, r) -> {
                    final long count = Functions.num(rows(context, store).get(r.key())) + 1;
                    rows(context, store).put(r.key(), count);
                    context.forward(r.withValue(count));
                });
            }
            case "bufferLatest": {
                final String store = Json.text(f, "store");
                final Timer timer = Timer.of(f);
                return () -> new BufferLatest(store, timer);
            }
            case "tick": {
                final Timer timer = Timer.of(f);
                return () -> new Tick(timer);
            }
            default:
                throw new BadCase("unknown processor " + f);
        }
    }

    private static void dedupe(final KeyValueStore<Object, Object> rows, final ProcessorContext<Object, Object> context,
                               final Record<Object, Object> record) {
        if (Objects.equals(rows.get(record.key()), record.value())) {
            return;
        }
        rows.put(record.key(), record.value());
        context.forward(record);
    }

    private static KeyValueStore<Object, Object> rows(final ProcessorContext<Object, Object> context, final String store) {
        return context.getStateStore(store);
    }

    private static Processor<Object, Object, Object, Object> of(final Each each) {
        return new Processor<>() {
            private ProcessorContext<Object, Object> context;

            @Override
            public void init(final ProcessorContext<Object, Object> context) {
                this.context = context;
            }

            @Override
            public void process(final Record<Object, Object> record) {
                each.process(context, record);
            }
        };
    }

    private record Timer(Duration every, PunctuationType clock) {
        static Timer of(final JsonNode f) {
            final String clock = Json.text(f, "clock");
            if (!clock.equals("stream") && !clock.equals("wall")) {
                throw new BadCase("unknown clock in " + f);
            }
            return new Timer(Json.millis(f, "everyMs"),
                clock.equals("stream") ? PunctuationType.STREAM_TIME : PunctuationType.WALL_CLOCK_TIME);
        }

        void start(final ProcessorContext<Object, Object> context, final LongConsumer fire) {
            context.schedule(every, clock, fire::accept);
        }
    }

    private static final class BufferLatest implements Processor<Object, Object, Object, Object> {
        private final String store;
        private final Timer timer;
        private KeyValueStore<Object, Object> rows;

        BufferLatest(final String store, final Timer timer) {
            this.store = store;
            this.timer = timer;
        }

        @Override
        public void init(final ProcessorContext<Object, Object> context) {
            rows = rows(context, store);
            timer.start(context, at -> {
                final List<KeyValue<Object, Object>> all = new ArrayList<>();
                try (KeyValueIterator<Object, Object> each = rows.all()) {
                    each.forEachRemaining(all::add);
                }
                for (final KeyValue<Object, Object> row : all) {
                    context.forward(new Record<>(row.key, row.value, at));
                    rows.delete(row.key);
                }
            });
        }

        @Override
        public void process(final Record<Object, Object> record) {
            rows.put(record.key(), record.value());
        }
    }

    private static final class Tick implements Processor<Object, Object, Object, Object> {
        private final Timer timer;
        private long seen = 0;

        Tick(final Timer timer) {
            this.timer = timer;
        }

        @Override
        public void init(final ProcessorContext<Object, Object> context) {
            timer.start(context, at -> {
                context.forward(new Record<>("tick", seen, at));
                seen = 0;
            });
        }

        @Override
        public void process(final Record<Object, Object> record) {
            seen++;
        }
    }
}
