import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.DefaultRecordBatch;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.Crc32C;
import org.xerial.snappy.Snappy;

/**
 * java MakeRecordBatches.java : test/vectors/recordBatches.json, as Apache Kafka's own client writes and reads it. Each
 * vector has the bytes and what Kafka's reader finds in them; long values as a digest.
 */
public class MakeRecordBatches {
  private static final long T = 1_700_000_000_000L;
  private static final Base64.Encoder BASE64 = Base64.getEncoder();
  private static final List<String> vectors = new ArrayList<>();

  public static void main(String[] arguments) throws Exception {
    for (CompressionType type : CompressionType.values()) {
      Compression codec = Compression.of(type).build();
      String with = ", " + type.name;
      plain("all kinds of records" + with, codec, -1, false, MakeRecordBatches::allKinds);
      plain("idempotent" + with, codec, 4242, false, MakeRecordBatches::allKinds);
      plain("transactional" + with, codec, 4242, true, MakeRecordBatches::allKinds);
      plain("headers" + with, codec, -1, false, MakeRecordBatches::headers);
      plain("one record of nothing" + with, codec, -1, false, batch -> batch.append(T, (byte[]) null, null));
      if (type != CompressionType.NONE) plain("many blocks" + with, codec, -1, false, MakeRecordBatches::manyBlocks);
      inLog("transactional, log append time, offsets beyond 32 bits" + with, codec, 7_000_000_000L, true);
      inLog("log append time" + with, codec, 0, false);
      compacted("compacted: offsets with gaps" + with, codec, offset -> offset == 12 || offset == 13 || offset == 31);
    }
    compacted("emptied by compaction", Compression.NONE, offset -> false);
    markers();
    foreignFramings();
    farthestNumbers();
    twoBatches();
    System.out.println("[" + String.join(",\n", vectors) + "\n]");
  }

  private static void allKinds(MemoryRecordsBuilder batch) {
    batch.append(T, utf8("key"), utf8("value"));
    batch.append(T + 5, null, utf8("no key"));
    batch.append(T + 4, utf8("tombstone"), null);
    batch.append(T - 70_000, new byte[0], new byte[0]);
    batch.append(T, (byte[]) null, null);
    batch.append(T + 34_560_000_000L, utf8("Schlüssel 鍵 🔑"), utf8("Wert 値 💎".repeat(20)));
    batch.append(T, new byte[] {0, 0, 0, 0}, new byte[] {(byte) 0xff, (byte) 0x80, 0, 1});
    for (int index = 0; index < 15; index++) {
      batch.append(T + index, utf8("user-" + index % 7), utf8("{\"n\":" + index + ",\"text\":\"" + "lorem ipsum ".repeat(index % 5) + "\"}"));
    }
  }

  private static void headers(MemoryRecordsBuilder batch) {
    batch.append(T, utf8("with"), utf8("headers"), new Header[] {
        header("trace", utf8("abc")), header("empty", new byte[0]), header("nothing", null),
        header("trace", utf8("abc again")), header("", utf8("no name")), header("ключ é", new byte[] {0, -1})});
    batch.append(T, (byte[]) null, null, new Header[] {header("alone", null)});
    Header[] many = new Header[200];
    for (int index = 0; index < many.length; index++) many[index] = header("h" + index % 3, utf8("v" + index));
    batch.append(T + 1, utf8("many"), new byte[0], many);
    batch.append(T + 2, utf8("none"), utf8("at all"), new Header[0]);
  }

  /** Blocks of snappy hold 32 KiB, of lz4 64 KiB: one value does not shrink. */
  private static void manyBlocks(MemoryRecordsBuilder batch) {
    Random random = new Random(4);
    for (int index = 0; index < 24; index++) {
      byte[] value = utf8(("block " + index % 5 + " of bytes that repeat. ").repeat(350));
      if (index == 7) random.nextBytes(value = new byte[2000]);
      batch.append(T + index, utf8("k" + index), value);
    }
  }

  private static void plain(String name, Compression codec, long producerId, boolean transactional, Consumer<MemoryRecordsBuilder> fill) {
    short epoch = (short) (producerId < 0 ? -1 : 3);
    var batch = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), RecordBatch.MAGIC_VALUE_V2, codec, TimestampType.CREATE_TIME,
        0L, RecordBatch.NO_TIMESTAMP, producerId, epoch, producerId < 0 ? -1 : 17, transactional, RecordBatch.NO_PARTITION_LEADER_EPOCH);
    fill.accept(batch);
    add(name, batch.build());
  }

  private static void inLog(String name, Compression codec, long baseOffset, boolean transactional) {
    var batch = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), RecordBatch.MAGIC_VALUE_V2, codec, TimestampType.LOG_APPEND_TIME,
        baseOffset, T + 123_456, transactional ? 4242 : -1, (short) (transactional ? 3 : -1), transactional ? 17 : -1, transactional, 9);
    allKinds(batch);
    add(name, batch.build());
  }

  private static void compacted(String name, Compression codec, java.util.function.LongPredicate retained) {
    var batch = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), RecordBatch.MAGIC_VALUE_V2, codec, TimestampType.CREATE_TIME,
        10, RecordBatch.NO_TIMESTAMP, 4242, (short) 3, 0, true, 9);
    for (int index = 0; index < 90; index++) batch.append(T + index, utf8("k" + index % 4), utf8("value " + index));
    var filter = new MemoryRecords.RecordFilter(0, 0) {
      @Override
      protected BatchRetentionResult checkBatchRetention(RecordBatch each) {
        return new BatchRetentionResult(BatchRetention.RETAIN_EMPTY, false);
      }

      @Override
      protected boolean shouldRetainRecord(RecordBatch each, Record record) {
        return retained.test(record.offset());
      }
    };
    ByteBuffer kept = ByteBuffer.allocate(1 << 20);
    batch.build().filterTo(filter, kept, BufferSupplier.NO_CACHING);
    kept.flip();
    add(name, MemoryRecords.readableRecords(kept));
  }

  private static void markers() {
    add("commit marker", MemoryRecords.withEndTransactionMarker(55, T, 2, 4242, (short) 3, new EndTransactionMarker(ControlRecordType.COMMIT, 7)));
    add("abort marker", MemoryRecords.withEndTransactionMarker(56, T, 2, 4242, (short) 3, new EndTransactionMarker(ControlRecordType.ABORT, 7)));
    add("leader change marker", MemoryRecords.withLeaderChangeMessage(57, T, 2, ByteBuffer.allocate(1024), new LeaderChangeMessage().setLeaderId(3)));
    var horizon = MemoryRecords.builder(ByteBuffer.allocate(1024), RecordBatch.MAGIC_VALUE_V2, Compression.NONE, TimestampType.CREATE_TIME, 5, -1L, 1, (short) 0, 0, false, 4);
    horizon.append(T, utf8("deleted"), null);
    var filter = new MemoryRecords.RecordFilter(T + 1000, 5000) {
      @Override
      protected BatchRetentionResult checkBatchRetention(RecordBatch each) {
        return new BatchRetentionResult(BatchRetention.DELETE_EMPTY, false);
      }

      @Override
      protected boolean shouldRetainRecord(RecordBatch each, Record record) {
        return true;
      }
    };
    ByteBuffer kept = ByteBuffer.allocate(1024);
    horizon.build().filterTo(filter, kept, BufferSupplier.NO_CACHING);
    kept.flip();
    add("with a delete horizon", MemoryRecords.readableRecords(kept));
  }

  /** What other clients write and the Java client reads: bare snappy, and lz4 with all it can say of sizes and checksums. */
  private static void foreignFramings() throws Exception {
    ByteBuffer plain = uncompressed(MakeRecordBatches::manyBlocks);
    byte[] records = new byte[plain.remaining() - DefaultRecordBatch.RECORD_BATCH_OVERHEAD];
    plain.position(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
    plain.get(records);
    recompressed("bare snappy", plain, CompressionType.SNAPPY, Snappy.compress(records));
    var largeBlocks = new ByteArrayOutputStream();
    try (var out = new LZ4FrameOutputStream(largeBlocks, BLOCKSIZE.SIZE_4MB, FLG.Bits.BLOCK_INDEPENDENCE)) {
      out.write(records);
    }
    recompressed("lz4 in blocks of 4 MiB", plain, CompressionType.LZ4, largeBlocks.toByteArray());
    var checked = new ByteArrayOutputStream();
    try (var out = new LZ4FrameOutputStream(checked, BLOCKSIZE.SIZE_64KB, records.length,
        FLG.Bits.BLOCK_INDEPENDENCE, FLG.Bits.BLOCK_CHECKSUM, FLG.Bits.CONTENT_CHECKSUM, FLG.Bits.CONTENT_SIZE)) {
      out.write(records);
    }
    recompressed("lz4 with sizes and checksums", plain, CompressionType.LZ4, checked.toByteArray());
  }

  private static void recompressed(String name, ByteBuffer plain, CompressionType type, byte[] records) {
    int size = DefaultRecordBatch.RECORD_BATCH_OVERHEAD + records.length;
    ByteBuffer batch = ByteBuffer.allocate(size);
    batch.put(plain.array(), 0, DefaultRecordBatch.RECORD_BATCH_OVERHEAD).put(records);
    batch.flip();
    batch.putInt(8, size - 12).putShort(21, (short) type.id);
    batch.putInt(DefaultRecordBatch.CRC_OFFSET, (int) Crc32C.compute(batch, 21, size - 21));
    add(name, MemoryRecords.readableRecords(batch));
  }

  private static ByteBuffer uncompressed(Consumer<MemoryRecordsBuilder> fill) {
    var batch = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), Compression.NONE, TimestampType.CREATE_TIME, 0);
    fill.accept(batch);
    MemoryRecords built = batch.build();
    ByteBuffer bytes = ByteBuffer.allocate(built.sizeInBytes());
    bytes.put(built.buffer()).flip();
    return bytes;
  }

  /** The last numbers that JavaScript holds exactly. */
  private static void farthestNumbers() {
    long last = (1L << 53) - 1;
    var batch = MemoryRecords.builder(ByteBuffer.allocate(1024), RecordBatch.MAGIC_VALUE_V2, Compression.NONE, TimestampType.CREATE_TIME,
        last - 2, RecordBatch.NO_TIMESTAMP, last, (short) 32767, Integer.MAX_VALUE, false, Integer.MAX_VALUE);
    batch.append(0, utf8("first"), utf8("of time"));
    batch.append(last, utf8("last"), utf8("of time"));
    add("offsets and timestamps of 53 bits", batch.build());
  }

  private static void twoBatches() {
    ByteBuffer both = ByteBuffer.allocate(1024);
    both.put(MemoryRecords.withRecords(0, Compression.gzip().build(), 3, new SimpleRecord(T, utf8("a"), utf8("1")), new SimpleRecord(T + 1, utf8("b"), utf8("2"))).buffer());
    both.put(MemoryRecords.withRecords(2, Compression.NONE, 3, new SimpleRecord(T + 2, utf8("c"), utf8("3"))).buffer());
    both.flip();
    add("two batches", MemoryRecords.readableRecords(both));
  }

  private static void add(String name, MemoryRecords records) {
    ByteBuffer buffer = records.buffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    List<String> batches = new ArrayList<>();
    for (MutableRecordBatch batch : records.batches()) batches.add(described(batch));
    vectors.add("{\"name\":" + quoted(name) + ",\"bytes\":" + base64(ByteBuffer.wrap(bytes)) + ",\"batches\":[" + String.join(",", batches) + "]}");
  }

  private static String described(RecordBatch batch) {
    batch.ensureValid();
    List<String> records = new ArrayList<>();
    for (Record record : batch) records.add("\n " + described(record));
    return "{\"baseOffset\":" + batch.baseOffset() + ",\"nextOffset\":" + batch.nextOffset()
        + ",\"leaderEpoch\":" + batch.partitionLeaderEpoch() + ",\"maxTimestamp\":" + batch.maxTimestamp()
        + ",\"producerId\":" + batch.producerId() + ",\"producerEpoch\":" + batch.producerEpoch()
        + ",\"baseSequence\":" + batch.baseSequence() + ",\"count\":" + batch.countOrNull()
        + ",\"codec\":" + quoted(batch.compressionType().name) + ",\"transactional\":" + batch.isTransactional()
        + ",\"control\":" + batch.isControlBatch() + ",\"logAppend\":" + (batch.timestampType() == TimestampType.LOG_APPEND_TIME)
        + ",\"records\":[" + String.join(",", records) + "]}";
  }

  private static String described(Record record) {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      ByteBuffer value = header.value() == null ? null : ByteBuffer.wrap(header.value());
      headers.add("[" + quoted(header.key()) + "," + base64(value) + "]");
    }
    return "{\"offset\":" + record.offset() + ",\"timestamp\":" + record.timestamp() + ",\"key\":" + base64(record.key())
        + ",\"value\":" + valueOf(record.value()) + ",\"headers\":[" + String.join(",", headers) + "]}";
  }

  private static String valueOf(ByteBuffer value) {
    if (value == null || value.remaining() <= 1000) return base64(value);
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(value.duplicate());
      return "{\"bytes\":" + value.remaining() + ",\"sha256\":" + base64(ByteBuffer.wrap(digest.digest())) + "}";
    } catch (java.security.NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  private static String base64(ByteBuffer bytes) {
    if (bytes == null) return "null";
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return "\"" + BASE64.encodeToString(copy) + "\"";
  }

  private static String quoted(String text) {
    return "\"" + text.chars().mapToObj(c -> c < 0x7f ? "" + (char) c : String.format("\\u%04x", c)).collect(Collectors.joining()) + "\"";
  }

  private static Header header(String name, byte[] value) {
    return new RecordHeader(name, value);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
