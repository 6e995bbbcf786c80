import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;

/** java SetUpSecurity.java BROKERS PASSWORD : alice's password for both SCRAM mechanisms. */
public class SetUpSecurity {
  public static void main(String[] arguments) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
      for (ScramMechanism mechanism : List.of(ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)) {
        var info = new ScramCredentialInfo(mechanism, 4096);
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("alice", info, arguments[1]))).all().get();
      }
    }
  }
}
