import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** java SetUpSecurity.java BROKERS : SCRAM passwords for alice, and what she may do: describe `orders`, write to `outbox`. */
public class SetUpSecurity {
  public static void main(String[] arguments) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
      for (ScramMechanism mechanism : List.of(ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)) {
        var info = new ScramCredentialInfo(mechanism, 4096);
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("alice", info, "alice-scram"))).all().get();
      }
      for (String topic : List.of("orders", "outbox", "secret")) {
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
      }
      admin.createAcls(List.of(allow("orders", AclOperation.DESCRIBE), allow("outbox", AclOperation.WRITE))).all().get();
    }
  }

  private static AclBinding allow(String topic, AclOperation operation) {
    var pattern = new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL);
    return new AclBinding(pattern, new AccessControlEntry("User:alice", "*", operation, AclPermissionType.ALLOW));
  }
}
