import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { describeMermaid } from '../../../src/dsl/describe/mermaid.ts';
import { stream } from '../../../src/dsl/stream.ts';
import { topology } from '../../../src/dsl/topology.ts';
import { tumbling } from '../../../src/dsl/windows/tumbling.ts';
import { example, node } from './example.ts';

const codecs = { key: text, value: int64 };

describe('describeMermaid', () => {
  test('draws topics between sub-topologies, stores as cylinders, repartition topics dashed', () => {
    expect(describeMermaid(example())).toBe(`flowchart LR
topic0(["orders"])
topic1(["users"])
topic2(["per-user-repartition"]):::internal
topic3(["counts"])
topic4(["products"])
topic5(["orders-dead"])
subgraph p0["orders"]
  step6["stream"]
  step7["table<br/>people"]
  store8[("people")]
  step9["join"]
  step10["join"]
  step11["to<br/>topic chosen per record"]
  step12["keyBy"]
  step13["to"]
end
subgraph p1["per-user-repartition"]
  step14["source"]
  step15["window<br/>hopping 10m, every 1m, grace 30s, offset 5s"]
  step16["count<br/>per-user"]
  store17[("per-user")]
  step18["toStream"]
  step19["to"]
end
subgraph g0["products, on every worker"]
  step20["globalTable"]
  store21[("products")]
end
topic0 --> step6
step6 -. unreadable .-> topic5
topic1 --> step7
step7 --- store8
step6 --> step9
step7 --> step9
store8 -.-> step9
step9 --> step10
store21 -.-> step10
step10 --> step11
step6 --> step12
step12 --> step13
step13 --> topic2
topic2 --> step14
step14 --> step15
step15 --> step16
step16 --- store17
step16 --> step18
step18 --> step19
step19 --> topic3
topic4 --> step20
step20 --- store21
classDef internal stroke-dasharray: 5 5
`);
  });

  test('draws a topic once, whoever reads and writes it', () => {
    const loop = node('to', 'sink', [stream('orders', codecs).node], { sink: { topic: 'orders' } });
    const drawn = describeMermaid(topology([{ node: loop }]));
    expect(drawn.match(/\(\["orders"\]\)/g)).toHaveLength(1);
    expect(drawn).toContain('topic0 --> step1');
    expect(drawn).toContain('step2 --> topic0');
  });

  test('says no more of a window than there is to say', () => {
    const windowed = node('window', 'windowed', [stream('a', codecs).node], {}, { window: tumbling('90s') });
    expect(describeMermaid(topology([{ node: windowed }]))).toContain('["window<br/>tumbling 90s"]');
  });

  test.each([
    ['a_b.c-d', 'a_b.c-d'],
    ['__internal', '#95;#95;internal'],
    ['a_', 'a#95;'],
    ['-a', '#45;a'],
    ['주문', '주문'],
    ['a"b', 'a#34;b'],
    ['a#b;', 'a#35;b#59;'],
    ['<b>', '#60;b#62;'],
    ['`a`', '#96;a#96;'],
    ['*a*', '#42;a#42;'],
    ['a\nb', 'a b'],
    ['😀', '#128512;'],
  ])('escapes %j', (name, expected) => {
    const named = node('count', 'stream', [stream('a', codecs).node], {}, { name });
    expect(describeMermaid(topology([{ node: named }]))).toContain(`["count<br/>${expected}"]`);
  });

  property.prop([fc.string({ unit: 'binary' })])(
    'writes nothing but its own syntax, whatever the names',
    (name) => {
      const named = node('count', 'stream', [stream('a', codecs).node], {}, { name });
      const lines = describeMermaid(topology([{ node: named }])).split('\n');
      for (const line of lines) {
        expect(line).toMatch(
          /^(flowchart LR|classDef internal .*|end||(subgraph )?\s*\w+(\[|\(\[|\[\()"[\p{L}\p{N}_., #;<br/>-]*"(\]|\]\)|\)\])(:::internal)?|\w+ (-->|---|-\.->|-\. unreadable \.->) \w+)$/u,
        );
      }
    },
  );
});
