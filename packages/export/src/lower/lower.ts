import type { Program, Step, SumStep, Term, Value } from '@cpnas/packed'
import type { Graph } from '../graph.js'
import type { Constant, Convolution, DepthwiseConvolution, Node } from '../graph-nodes.js'
import { refuseOperation } from '../refusal.js'
import { oneBitFilter, packSigns, scaledFilters, thresholdsOf } from './fold.js'
import {
  type Addend,
  channelsOf,
  classifierOf,
  type Factors,
  formOf,
  isSign,
  resolve,
  type SignProducts,
  signProductsOf,
} from './forms.js'
import { needsOf } from './needs.js'
import { windowOf } from './window.js'

/** What a value of a program stands for: a map of the network, or (of a bit map) the signs of it, or of what factors make of it. */
interface Origin {
  readonly node: Node
  readonly factors?: Factors | undefined
}

/** Where the numbers of a step come from. */
export interface Label {
  /** The layer that the step's own tensors are of. */
  readonly name: string
  /** Those that the terms' are of, in their order. */
  readonly terms: readonly string[]
}

export interface Lowered {
  readonly program: Program
  /** Of step i at position i. */
  readonly origins: readonly Origin[]
  readonly labels: readonly Label[]
}

/** A step for every map and every sign that the network needs; signs of but a binary convolution are compared with thresholds. */
export const lower = ({ nodes, images, scores, names }: Graph): Lowered => {
  const { features, weights, bias } = classifierOf(scores)
  const { maps, signs } = needsOf(nodes, features)
  const steps: Step[] = []
  const origins: Origin[] = []
  const labels: Label[] = []
  const mapValues = new Map<Node, Value>([[images, 0]])
  const signValues = new Map<Node, Map<Factors | undefined, Value>>()
  const pooledValues = new Map<string, Value>()

  const normalizationName = (scale: Constant): string => names.get(scale)!.replace(/\.scale$/, '')
  const filterName = ({ filters }: Convolution | DepthwiseConvolution): string => names.get(filters)!
  const nameOf = (node: Node): string => {
    if (node.kind === 'affineSum') {
      const scale = node.terms.find(term => term.scale !== undefined)?.scale
      return names.get(node) ?? (scale && normalizationName(scale)) ?? 'sum'
    }
    return names.get(node) ?? ('filters' in node ? filterName(node) : node.kind)
  }

  const emit = (step: Step, origin: Origin, label: Label): Value => {
    steps.push(step)
    origins.push(origin)
    labels.push(label)
    return steps.length
  }

  const mapsOf = (node: Node): readonly Value[] =>
    node.kind === 'concat' ? node.xs.flatMap(x => mapsOf(resolve(x))) : [mapValues.get(node)!]

  const signsOf = (node: Node, factors?: Factors): readonly Value[] =>
    node.kind === 'concat' ? node.xs.flatMap(x => signsOf(resolve(x))) : [signValues.get(node)!.get(factors)!]

  const one = (values: readonly Value[]): Value =>
    values.length === 1 ? values[0]! : refuseOperation('a depthwise or pooling window over several maps')

  const termOf = ({ node, scale, channel }: Addend<Node>): Term => {
    const ones = () => scale ?? new Float64Array(channelsOf(node)).fill(1)
    switch (node.kind) {
      case 'conv2d': {
        const { prologue, filters, geometry } = node
        const window = windowOf(geometry)
        if (isSign(prologue.activation)) {
          const { alpha, values } = oneBitFilter(filters, filterName(node))
          return {
            kind: 'binary-convolution',
            inputs: signsOf(resolve(node.x), prologue.affine),
            window,
            signs: packSigns(values),
            scale: Float32Array.from(ones(), (factor, c) => factor * alpha[c]!),
            channel,
          }
        }
        if (prologue.affine !== undefined) refuseOperation('a normalization before a float convolution')
        return {
          kind: 'convolution',
          inputs: mapsOf(resolve(node.x)),
          window,
          relu: prologue.activation === 'relu',
          filters: scaledFilters(filters, scale),
          outputs: channelsOf(node),
          channel,
        }
      }
      case 'maxPool':
      case 'avgPool':
        if (channel !== 0) refuseOperation('pooling beside other maps')
        return {
          kind: node.kind === 'maxPool' ? 'max-pooling' : 'average-pooling',
          input: one(mapsOf(resolve(node.x))),
          window: windowOf(node.geometry),
          scale: Float32Array.from(ones()),
        }
      case 'depthwiseConv2d':
        return refuseOperation('a depthwise convolution that no sign follows')
      default:
        if (scale !== undefined || channel !== 0) refuseOperation('a scaled map')
        return { kind: 'identity', input: one(mapsOf(node)) }
    }
  }

  const termName = ({ node, from }: Addend<Node>): string => {
    if ('filters' in node) return filterName(node)
    return from ? normalizationName(from) : nameOf(node)
  }

  /** The value of a sum. Every cell that reads a map pools it for itself; what is pooled alike is one value. */
  const emitSum = (step: SumStep, origin: Origin, label: Label): Value => {
    const [term, ...others] = step.terms
    if (others.length > 0 || !(term?.kind === 'max-pooling' || term?.kind === 'average-pooling'))
      return emit(step, origin, label)
    const key = JSON.stringify([term.kind, term.input, term.window, [...term.scale], [...step.bias]])
    const value = pooledValues.get(key) ?? emit(step, origin, label)
    pooledValues.set(key, value)
    return value
  }

  const emitMap = (node: Node): void => {
    const form = formOf(node)
    if (form.kind === 'prelu') {
      const step: Step = { kind: 'prelu', input: one(mapsOf(form.x)), slope: Float32Array.from(form.slope.values) }
      mapValues.set(node, emit(step, { node }, { name: names.get(form.slope)!, terms: [] }))
    }
    if (form.kind === 'sum') {
      const [, height, width] = node.shape as readonly [number, number, number, number]
      const terms = form.addends.map(termOf)
      const step: SumStep = { kind: 'sum', height, width, terms, bias: Float32Array.from(form.bias) }
      mapValues.set(node, emitSum(step, { node }, { name: nameOf(node), terms: form.addends.map(termName) }))
    }
  }

  /** sign((alpha * products * scale + shift) * factors.scale + factors.shift) */
  const thresholdStep = ({ convolution, scale, shift }: SignProducts, factors: Factors | undefined): Step => {
    const { prologue, geometry, x } = convolution
    const { alpha, values } = oneBitFilter(convolution.filters, filterName(convolution))
    const factor = (c: number): number => factors?.scale.values[c] ?? 1
    const { thresholds, turned } = thresholdsOf(
      alpha.map((magnitude, c) => magnitude * scale[c]! * factor(c)),
      shift.map((addend, c) => addend * factor(c) + (factors?.shift.values[c] ?? 0)),
    )
    const common = { window: windowOf(geometry), signs: packSigns(values, turned), thresholds }
    const inputs = signsOf(resolve(x), prologue.affine)
    return convolution.kind === 'conv2d'
      ? { kind: 'binary-convolution', inputs, ...common }
      : { kind: 'binary-depthwise', input: one(inputs), ...common }
  }

  const emitSigns = (node: Node, factors: Factors | undefined): Value => {
    const products = maps.has(node) ? undefined : signProductsOf(node)
    if (products !== undefined)
      return emit(
        thresholdStep(products, factors),
        { node, factors },
        { name: filterName(products.convolution), terms: [] },
      )
    if (factors !== undefined) refuseOperation('a normalization of a sum before its sign')
    return emit({ kind: 'sign', input: one(mapsOf(node)) }, { node }, { name: nameOf(node), terms: [] })
  }

  for (const node of nodes) {
    if (maps.has(node)) emitMap(node)
    const asked = node.kind === 'concat' ? undefined : signs.get(node)
    if (asked !== undefined)
      signValues.set(node, new Map([...asked].map(factors => [factors, emitSigns(node, factors)])))
  }
  const classifier: Step = {
    kind: 'classifier',
    inputs: mapsOf(features),
    weights: Float32Array.from(weights.values),
    bias: Float32Array.from(bias.values),
  }
  emit(classifier, { node: scores }, { name: 'head', terms: [] })
  const [, height, width, channels] = images.shape as readonly [number, number, number, number]
  return { program: { image: { height, width, channels }, steps }, origins, labels }
}
