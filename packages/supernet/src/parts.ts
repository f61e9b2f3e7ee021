import { auxiliaryChannels, auxiliaryWindows } from './auxiliary.js'
import { type CellKind, edges, inputNodes, intermediateNodes } from './cell.js'
import { classifier, conv, edgeName, inputName, type Layer, type NetworkKind, strideOf, vector } from './layer.js'
import { type Operation, operations, separableOf } from './operations.js'
import { auxiliaryCell, type CellPlan, cellPlans, type NetworkSpec, resolveSpec, stemPlans } from './spec.js'

/** A batch normalization; a learned one has the parameters NAME.gamma and NAME.beta. */
export interface NormalizationPart {
  readonly kind: 'normalization'
  readonly name: string
  readonly channels: number
  readonly learned: boolean
}

/** What a network is made of, as far as it has parameters or statistics. */
export type Part = Layer | NormalizationPart

/** An edge's parts before the sum of its node, and the normalization that is done in the sum. */
export interface EdgeParts {
  readonly to: number
  readonly before: readonly Part[]
  readonly end: readonly Part[]
}

const normalization = (name: string, channels: number, learned: boolean): NormalizationPart => ({
  kind: 'normalization',
  name,
  channels,
  learned,
})

const stemParts = (spec: NetworkSpec): readonly Part[] =>
  stemPlans(spec).flatMap(({ name, inChannels, channels, stride }, i) => [
    conv(`${name}.filters`, [3, 3, inChannels, channels], false, stride === 2 ? i + 1 : 0),
    normalization(name, channels, true),
  ])

/** The factorized reduction: 1x1 convolutions of the even and of the odd pixels. */
const reduction = (prefix: string, cin: number, cout: number, binary: boolean, halvings: number): readonly Layer[] => {
  const half = Math.floor(cout / 2)
  return [
    conv(`${prefix}.even`, [1, 1, cin, half], binary, halvings),
    conv(`${prefix}.odd`, [1, 1, cin, cout - half], binary, halvings),
  ]
}

const inputParts = (spec: Required<NetworkSpec>, plan: CellPlan, input: 0 | 1): readonly Part[] => {
  const name = inputName(plan.index, input)
  const cin = plan.inputChannels[input]
  const binary = spec.preprocessPrecision === 'binary'
  return [
    ...(input === 0 && plan.previousReduced
      ? reduction(name, cin, plan.channels, binary, plan.halvings)
      : [conv(`${name}.pointwise`, [1, 1, cin, plan.channels], binary, plan.halvings)]),
    normalization(name, plan.channels, spec.affine),
  ]
}

const edgeParts = (
  { sepConvRepeat, prelu, affine }: Required<NetworkSpec>,
  network: NetworkKind,
  { index, channels, kind, halvings }: CellPlan,
  edge: number,
  operation: Operation,
): EdgeParts => {
  const { to } = edges[edge]!
  const prefix = edgeName(index, edge, operation)
  const output = kind === 'reduce' ? halvings + 1 : halvings
  const separable = separableOf(operation)
  if (separable) {
    const pair = (suffix: string): readonly Part[] => [
      conv(`${prefix}.depthwise${suffix}`, [separable.size, separable.size, channels], true, output),
      ...(network === 'child' ? [normalization(`${prefix}.depthwise${suffix}`, channels, affine)] : []),
      conv(`${prefix}.pointwise${suffix}`, [1, 1, channels, channels], true, output),
    ]
    const convolutions = [
      ...pair(''),
      ...(separable.repeatable && sepConvRepeat === 2
        ? [normalization(`${prefix}.pointwise`, channels, affine), ...pair('2')]
        : []),
    ]
    const end = normalization(prefix, channels, affine)
    return network === 'child' && prelu
      ? { to, before: [...convolutions, end, vector(`${prefix}.slope`, channels)], end: [] }
      : { to, before: convolutions, end: [end] }
  }
  switch (operation) {
    case 'skip_connect':
      return strideOf(kind, edge) === 1
        ? { to, before: [], end: [] }
        : {
            to,
            before: reduction(prefix, channels, channels, true, output),
            end: [normalization(prefix, channels, affine)],
          }
    case 'max_pool_3x3':
    case 'avg_pool_3x3':
      return { to, before: [], end: [normalization(prefix, channels, false)] }
    default:
      return { to, before: [], end: [] }
  }
}

const auxiliaryParts = (spec: NetworkSpec): readonly Part[] => {
  const plan = cellPlans(spec)[auxiliaryCell(spec)]!
  const [pool, window] = auxiliaryWindows(spec)
  const [narrow, wide] = auxiliaryChannels
  const filters = (i: number, size: number, cin: number, cout: number): Layer => ({
    ...conv(`auxiliary.${i}.filters`, [size, size, cin, cout], false, plan.halvings + 1),
    windows: i === 0 ? [pool] : [pool, window],
  })
  return [
    filters(0, 1, intermediateNodes * plan.channels, narrow),
    normalization('auxiliary.0', narrow, true),
    filters(1, window.size, narrow, wide),
    normalization('auxiliary.1', wide, true),
    ...classifier('auxiliary', wide, spec.classes),
  ]
}

/** How the parts of a cell's edges follow each other. */
export type Arrange = (cell: readonly EdgeParts[]) => readonly Part[]

/** Edge by edge. */
export const byEdge: Arrange = cell => cell.flatMap(({ before, end }) => [...before, ...end])

/** As the forward pass meets them: before a node is summed, its edges' ends wait for each other. */
export const byNode: Arrange = cell =>
  Array.from({ length: intermediateNodes }, (_, i) => cell.filter(({ to }) => to === inputNodes + i)).flatMap(node => [
    ...node.flatMap(({ before }) => before),
    ...node.flatMap(({ end }) => end),
  ])

/** From the stem to the classifier, then the auxiliary head if there is one. */
export const partsOf = (
  spec: NetworkSpec,
  network: NetworkKind,
  choices: (kind: CellKind, edge: number) => readonly Operation[],
  arrange: Arrange,
): readonly Part[] => {
  const resolved = resolveSpec(spec)
  const plans = cellPlans(spec)
  return [
    ...stemParts(spec),
    ...plans.flatMap(plan => [
      ...inputParts(resolved, plan, 0),
      ...inputParts(resolved, plan, 1),
      ...arrange(
        edges.flatMap((_, edge) =>
          choices(plan.kind, edge).map(operation => edgeParts(resolved, network, plan, edge, operation)),
        ),
      ),
    ]),
    ...classifier('head', intermediateNodes * plans.at(-1)!.channels, spec.classes),
    ...(resolved.auxiliary ? auxiliaryParts(spec) : []),
  ]
}

/** Every operation on every edge. */
export const everything = (): readonly Operation[] => operations
