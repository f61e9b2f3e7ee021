import { type Shape, sizeOf } from '@cpnas/backends'
import { count, type Genotype, type Layer, type NetworkKind, type NetworkSpec } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import { noChecksum } from './checksum.js'
import {
  inferenceSpec,
  layersOf,
  type ModelHead,
  normalizationsOf,
  packedBytes,
  scaleName,
  scalesOf,
  storedLayouts,
  tensorPlans,
} from './layout.js'
import { headStrings } from './metadata.js'
import { safetensorsHeader } from './safetensors.js'

/** Weights and work by the precision of their operands, and the bytes of a file that they take. */
export interface Weight {
  readonly binaryWeights: number
  readonly floatWeights: number
  /** Multiply-accumulates for one image: those of convolutions and of the classifier, as `count` of @cpnas/supernet. */
  readonly binaryMacs: number
  readonly floatMacs: number
  readonly bytes: number
}

/** What a row of a summary is about. */
/** `threshold`, `bias` and `pooling` (the scale of a normalized one) are those of packed models, of @cpnas/export. */
export type RowKind =
  | 'convolution'
  | 'depthwise'
  | 'scale'
  | 'normalization'
  | 'prelu'
  | 'classifier'
  | 'header'
  | 'threshold'
  | 'bias'
  | 'pooling'

/** A layer of a model file. */
export interface SummaryRow extends Weight {
  /** As its tensor, a 1-bit filter without `.signs` and a normalization without `.mean` and so on: it has the name of the filter before it, if there is one between two of an operation. */
  readonly name: string
  /** `stem`, `cells.K`, `head`, or `file` for the header. */
  readonly part: string
  readonly kind: RowKind
  readonly shape: Shape
  /** Why it is stored and computed in 32 bits; undefined for 1-bit filters and the header. */
  readonly reason: string | undefined
}

/** Size and work of a model, layer by layer, beside its Parent's. */
export interface ModelSummary {
  readonly kind: NetworkKind
  readonly image: { readonly height: number; readonly width: number; readonly channels: number }
  /** In the order of the forward pass, the file's header last. */
  readonly rows: readonly SummaryRow[]
  readonly total: Weight
  /** Length of the model's file: `total.bytes`. */
  readonly bytes: number
  /** Of the Parent of the same spec and genotype. */
  readonly parent: Weight
  /** The Parent's bytes over these. */
  readonly compression: number
}

/** What else stands in a file's header. */
export type HeaderFacts = Pick<Model, 'classNames' | 'normalization' | 'trainedOn'>

const nothing: Weight = { binaryWeights: 0, floatWeights: 0, binaryMacs: 0, floatMacs: 0, bytes: 0 }

/** Each number summed; of none it is 0. */
export const sumWeights = (weights: readonly Weight[]): Weight =>
  weights.reduce(
    (a, b) => ({
      binaryWeights: a.binaryWeights + b.binaryWeights,
      floatWeights: a.floatWeights + b.floatWeights,
      binaryMacs: a.binaryMacs + b.binaryMacs,
      floatMacs: a.floatMacs + b.floatMacs,
      bytes: a.bytes + b.bytes,
    }),
    nothing,
  )

const partOf = (name: string): string => /^cells\.\d+|^[^.]+/.exec(name)![0]

const isSlope = (name: string): boolean => name.endsWith('.slope')

const reasonOf = ({ name, kind }: Layer, network: NetworkKind): string => {
  if (partOf(name) === 'stem') return 'the stem sees the image itself'
  if (partOf(name) === 'head') return 'the classifier decides in full precision'
  if (isSlope(name)) return 'a PReLU slope multiplies sums'
  if (network === 'parent') return 'the Parent is in full precision'
  return kind === 'vector' ? 'a vector of the network' : "a cell's inputs are brought to its size in full precision"
}

const kindOf = ({ name, kind }: Layer): RowKind => {
  if (partOf(name) === 'head') return 'classifier'
  if (isSlope(name)) return 'prelu'
  return kind === 'depthwise' ? 'depthwise' : 'convolution'
}

/** A layer, and the scales of a 1-bit one. */
const layerRows = (layer: Layer, spec: NetworkSpec, kind: NetworkKind, macs: number): readonly SummaryRow[] => {
  const { name, shape } = layer
  const size = sizeOf(shape)
  const scales = scalesOf(layer, spec, kind)
  const common = { ...nothing, name, part: partOf(name), kind: kindOf(layer), shape }
  return scales === undefined
    ? [{ ...common, floatWeights: size, floatMacs: macs, bytes: 4 * size, reason: reasonOf(layer, kind) }]
    : [
        { ...common, binaryWeights: size, binaryMacs: macs, bytes: packedBytes(size), reason: undefined },
        {
          ...common,
          name: scaleName(name),
          kind: 'scale',
          shape: [scales],
          floatWeights: scales,
          bytes: 4 * scales,
          reason: 'the scale alpha of a 1-bit filter',
        },
      ]
}

/** Mean and variance, and what an affine one learns. */
const normalizationRow = (name: string, shape: Shape, affine: boolean): SummaryRow => {
  const floatWeights = (affine ? 4 : 2) * sizeOf(shape)
  return {
    ...nothing,
    name,
    part: partOf(name),
    kind: 'normalization',
    shape,
    floatWeights,
    bytes: 4 * floatWeights,
    reason: 'a normalization scales and shifts sums',
  }
}

/** Layers and normalizations are both in the order of the forward pass; a normalization follows the layers that bear its name. */
const networkRows = (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind, image: ModelSummary['image']) => {
  const macs = new Map(count(inferenceSpec(spec), genotype, kind, image).layers.map(layer => [layer.name, layer.macs]))
  const normalizations = Object.entries(normalizationsOf(spec, genotype, kind))
  const learnt = new Set(normalizations.flatMap(([name]) => [`${name}.gamma`, `${name}.beta`]))
  const all = layersOf(spec, genotype, kind)
  const affine = new Set(all.filter(({ name }) => learnt.has(name)).map(({ name }) => name))
  const layers = all.filter(({ name }) => !learnt.has(name))
  const rows: SummaryRow[] = []
  let next = 0
  const takeUntil = (end: number): void => {
    for (; next < end; next++) rows.push(...layerRows(layers[next]!, spec, kind, macs.get(layers[next]!.name) ?? 0))
  }
  for (const [name, shape] of normalizations) {
    const last = layers.findLastIndex(
      layer => layer.name === name || (layer.name.startsWith(`${name}.`) && !isSlope(layer.name)),
    )
    takeUntil(last + 1)
    rows.push(normalizationRow(name, shape, affine.has(`${name}.gamma`)))
  }
  takeUntil(layers.length)
  return rows
}

const rowsOf = (head: ModelHead): readonly SummaryRow[] => [
  ...networkRows(head.spec, head.genotype, head.kind, head.image),
  {
    ...nothing,
    name: 'header',
    part: 'file',
    kind: 'header',
    shape: [],
    bytes: safetensorsHeader(storedLayouts(tensorPlans(head)), { sha256: noChecksum, ...headStrings(head) }).bytes
      .length,
    reason: undefined,
  },
]

/**
 * The size of a model, layer by layer, from its shapes and names alone; nothing is encoded. `bytes` is the length of the file that
 * `encodeModel` makes of it, if `facts` are those of the model (a Model can be given as they are); by default the classes are called by
 * their numbers and the normalization is none, which makes the header some bytes shorter than one with names. Multiply-accumulates are
 * those of convolutions and of the classifier, border pixels counted as inner ones; normalization, scales, PReLU, pooling and sums of edges
 * are not counted.
 */
export const summarize = (
  spec: NetworkSpec,
  genotype: Genotype,
  kind: NetworkKind,
  image: ModelSummary['image'],
  {
    classNames = Array.from({ length: spec.classes }, (_, k) => String(k)),
    normalization = { mean: Array(spec.inChannels).fill(0), std: Array(spec.inChannels).fill(1) },
    trainedOn,
  }: Partial<HeaderFacts> = {},
): ModelSummary => {
  const trained = trainedOn === undefined ? {} : { trainedOn }
  const head: ModelHead = { spec, genotype, kind, image, classNames, normalization, ...trained }
  const rows = rowsOf(head)
  const total = sumWeights(rows)
  const parent = kind === 'parent' ? total : sumWeights(rowsOf({ ...head, kind: 'parent' }))
  return { kind, image, rows, total, bytes: total.bytes, parent, compression: parent.bytes / total.bytes }
}
