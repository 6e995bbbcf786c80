import { checkCodec } from '../../dsl/codecs/checkCodec.ts';
import { json } from '../../dsl/codecs/json.ts';
import type { AnyCodec, AnyFunction, Node, Operator, StoreSpec } from '../../dsl/node.ts';
import type { AnyStream, Op } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { inputNode } from './inputNode.ts';
import { joinSides } from './joinSides.ts';
import { type JoinStreamOptions, type JoinWindow, joinWindow } from './joinWindow.ts';
import { keyCodec } from './keyCodec.ts';
import { savedNumbers } from './savedNumber.ts';
import type { Padded } from './tableTableJoin.ts';
import { type Side, unmatchedStores } from './unmatched.ts';
import { valueList } from './valueList.ts';

/** What joinStream, leftJoinStream and outerJoinStream are: records of two streams with the same key and near each other in time. */
export function streamJoin(
  kind: string,
  right: unknown,
  join: AnyFunction,
  given: unknown,
  padded: Padded,
): Op<AnyStream, AnyStream> {
  checkFunction(join, `function of ${kind}()`);
  const rightNode = inputNode(kind, right, ['stream']);
  const window = joinWindow(kind, given, padded);
  const options = given as JoinStreamOptions<unknown, unknown>;
  const { unmatched = 'once' } = options;
  return (input) => {
    const leftNode = inputNode(kind, input, ['stream']);
    const key = keyCodec(kind, leftNode, undefined);
    const left = sideCodec(kind, 'left', leftNode, options);
    const stores = [
      ...sideStores(key, left, sideCodec(kind, 'right', rightNode, options), window, padded),
      savedNumbers,
    ];
    const operator: Operator = {
      kind,
      keyed: true,
      ...(padded !== 'none' && { nullKeys: 'keep' }),
      stores,
      run: (task, emit) => joinSides(task, emit, { join, window, padded, unmatched, key }),
    };
    return append(input, ['stream'], operator, {
      inputs: [leftNode, rightNode],
      name: options.name,
      value: undefined,
    });
  };
}

function sideCodec(
  kind: string,
  side: Side,
  node: Node,
  options: JoinStreamOptions<unknown, unknown>,
): AnyCodec {
  const codec = options[side] ?? node.value ?? json();
  checkCodec(codec, `${side} of ${kind}()`);
  return codec;
}

function sideStores(
  key: AnyCodec,
  left: AnyCodec,
  right: AnyCodec,
  { retention }: JoinWindow,
  padded: Padded,
): readonly StoreSpec[] {
  const rows = { kind: 'timeline', key, windowSize: 0, retention } as const;
  return [
    { ...rows, suffix: 'left', value: valueList(left) },
    { ...rows, suffix: 'right', value: valueList(right) },
    ...(padded === 'none' ? [] : unmatchedStores(left, right)),
  ];
}
