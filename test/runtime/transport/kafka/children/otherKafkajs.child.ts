import { registerHooks } from 'node:module';
import type { MillraceError } from '../../../../../src/errors.ts';

/* Run by kafkajsBridge.test.ts as a process of its own: checks a kafkajs that is not the one millrace was built on. */
const variant = process.argv[2]!;

const queue = variant === 'otherQueue' ? '{}' : '{ pending: [], scheduleCheckPendingRequests() {} }';
const cluster = `({
  rootLogger: {},
  connectionPoolBuilder: { build: async () => ({ pool: [{ requestQueue: ${queue}, sessionLifetime: 0 }] }) },
  brokerPool: ${variant === 'noCreateBroker' ? '{}' : '{ createBroker: () => ({ connect() {}, versions: null }) }'},
})`;
const assigners =
  variant === 'noCluster'
    ? ''
    : `for (const assigner of partitionAssigners) assigner({ cluster: ${cluster} });`;
const sources: Record<string, string> = {
  kafkajs: `export const logLevel = {}; export class Kafka { consumer({ partitionAssigners }) { ${assigners} } }`,
  'kafkajs/package.json': JSON.stringify({ version: variant === 'version' ? '2.3.0' : '2.2.4' }),
};

registerHooks({
  resolve: (specifier, context, next) =>
    specifier in sources ? { url: `other:${specifier}`, shortCircuit: true } : next(specifier, context),
  load: (url, context, next) => {
    const source = sources[url.slice('other:'.length)];
    if (!url.startsWith('other:') || source === undefined) return next(url, context);
    return { format: url.endsWith('.json') ? 'json' : 'module', source, shortCircuit: true };
  },
});

const { kafkajsBridge } = await import('../../../../../src/runtime/transport/kafka/kafkajsBridge.ts');
try {
  await kafkajsBridge({ brokers: [] }).check();
  console.log(JSON.stringify({ code: 'none', message: '' }));
} catch (error) {
  const { code, message } = error as MillraceError;
  console.log(JSON.stringify({ code, message }));
}
