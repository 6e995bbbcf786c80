import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} from 'kafkajs';

const operations: Readonly<Record<string, AclOperationTypes>> = {
  All: AclOperationTypes.ALL,
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Delete: AclOperationTypes.DELETE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  IdempotentWrite: AclOperationTypes.IDEMPOTENT_WRITE,
};

export type AclKind = 'topic' | 'group' | 'transactional-id' | 'cluster';

const resources: Readonly<Record<AclKind, AclResourceTypes>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
  cluster: AclResourceTypes.CLUSTER,
};

/** One thing a user may do; a name that ends with a star is a prefix. */
export function acl(principal: string, operation: string, kind: AclKind, name: string): AclEntry {
  const isPrefix = name.endsWith('*');
  return {
    principal,
    host: '*',
    operation: operations[operation]!,
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: resources[kind],
    resourceName: isPrefix ? name.slice(0, -1) : name,
    resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
  };
}
