import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.kstream.Window;
import org.apache.kafka.streams.kstream.Windowed;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Text is its bytes; a windowed key is a zero byte, start, end, and the key inside. Anything else is no key. */
public final class KeySerde implements Serde<Object>, Serializer<Object>, Deserializer<Object> {
    static final Serde<Object> KEYS = new KeySerde();
    private static final int HEAD = 1 + 2 * Long.BYTES;

    @Override
    public byte[] serialize(final String topic, final Object key) {
        if (key == null) {
            return null;
        }
        if (key instanceof Windowed<?> windowed) {
            final byte[] inside = serialize(topic, windowed.key());
            return ByteBuffer.allocate(HEAD + inside.length).put((byte) 0)
                .putLong(windowed.window().start()).putLong(windowed.window().end()).put(inside).array();
        }
        return ((String) key).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Object deserialize(final String topic, final byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        if (bytes.length < HEAD || bytes[0] != 0) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        final ByteBuffer buffer = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
        final Span span = new Span(buffer.getLong(), buffer.getLong());
        final byte[] inside = new byte[buffer.remaining()];
        buffer.get(inside);
        return new Windowed<>(deserialize(topic, inside), span);
    }

    @Override
    public Serializer<Object> serializer() {
        return this;
    }

    @Override
    public Deserializer<Object> deserializer() {
        return this;
    }

    @Override
    public void configure(final java.util.Map<String, ?> settings, final boolean isKey) { }

    @Override
    public void close() { }

    /** A window of which nothing is known but where it begins and ends. */
    private static final class Span extends Window {
        Span(final long start, final long end) {
            super(start, end);
        }

        @Override
        public boolean overlap(final Window other) {
            return start() <= other.end() && other.start() <= end();
        }
    }
}
