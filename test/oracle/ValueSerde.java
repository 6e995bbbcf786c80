import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Text and longs, told apart by their first byte. */
public final class ValueSerde implements Serde<Object>, Serializer<Object>, Deserializer<Object> {
    static final Serde<Object> VALUES = new ValueSerde();
    private static final byte LONG = 'l';
    private static final byte TEXT = 't';

    @Override
    public byte[] serialize(final String topic, final Object value) {
        if (value == null) {
            return null;
        }
        if (value instanceof Long number) {
            return ByteBuffer.allocate(1 + Long.BYTES).put(LONG).putLong(number).array();
        }
        final byte[] text = ((String) value).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(1 + text.length).put(TEXT).put(text).array();
    }

    @Override
    public Object deserialize(final String topic, final byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        if (bytes[0] == LONG) {
            return ByteBuffer.wrap(bytes, 1, Long.BYTES).getLong();
        }
        return new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8);
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
}
