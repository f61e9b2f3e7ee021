import { metrics, summarize } from '@cpnas/model'
import type { JournalEntry, SearchRun, StartEntry, TrainingRun } from '@cpnas/runs'
import { type DropEntry, type EdgeIndicator, type HistoryEntry, presets, type SampleEntry } from '@cpnas/search'
import { cpNas, type Genotype } from '@cpnas/supernet'
import { type EpochEntry, modelSpec, trainingPresets } from '@cpnas/training'

const { edges } = cpNas

const cell = (...operations: readonly string[]): readonly string[] =>
  edges.map((_, i) => operations[i % operations.length]!)

export const genotype: Genotype = {
  normal: cell('sep_conv_3x3', 'none', 'skip_connect'),
  reduce: cell('max_pool_3x3', 'dil_conv_5x5'),
}

export const sample = (round: number, number: number, accuracyChild: number): SampleEntry => ({
  type: 'sample',
  round,
  pass: 1,
  sample: number,
  architecture: genotype,
  accuracyParent: accuracyChild + 0.2,
  accuracyChild,
  z: accuracyChild + 0.3,
  lossChild: 2.25,
  lossParent: 1.75,
  validationLossChild: 2.125,
  validationLossParent: 1.625,
})

const edge: EdgeIndicator = {
  operations: ['none', 'skip_connect', 'sep_conv_3x3'],
  zbar: [0.75, 0.5, 0.25],
  e: [0.45, 0.35, 0.2],
  dropped: 'sep_conv_3x3',
}

export const drop = (round: number): DropEntry => ({
  type: 'drop',
  round,
  normal: edges.map(() => edge),
  reduce: edges.map(() => ({ ...edge, dropped: 'none' })),
})

/** A search with a warm-up epoch, a round of three samples and one that has begun. */
export const history: readonly HistoryEntry[] = [
  { type: 'warmup', epoch: 1, architecture: genotype, lossChild: 2.375, lossParent: 1.875 },
  sample(1, 1, 0.21),
  sample(1, 2, 0.22),
  sample(1, 3, 0.23),
  drop(1),
  sample(2, 1, 0.24),
]

const day = '2026-05-01'

export const start = (time: string, entries: number): StartEntry => ({
  type: 'start',
  time: `${day}T${time}.000Z`,
  entries,
  cpnas: '0.1.0',
  node: '20.19.0',
  system: 'linux x64',
  cpu: 'Z80',
  cores: 2,
  memory: 3 * 2 ** 29,
  engine: 'wasm, asked for',
  threads: 1,
})

export const saved = (time: string, entries: number): JournalEntry => ({
  type: 'saved',
  time: `${day}T${time}.000Z`,
  entries,
})

export const searchRun = (changes: Partial<SearchRun> = {}): SearchRun => ({
  kind: 'search',
  name: 'first',
  directory: 'runs/first',
  state: 'stopped',
  dataset: 'cifar10',
  data: '/data/cifar10',
  classes: 10,
  backend: 'wasm',
  threads: 2,
  config: {
    ...presets.quick,
    strategy: 'cp-nas',
    evaluator: 'shared-weights',
    space: 'cp-nas',
    operations: ['none', 'skip_connect', 'sep_conv_3x3'],
  },
  history,
  journal: [],
  ...changes,
})

export const epoch = (number: number, accuracyValidation: number, stage = 1): EpochEntry => ({
  type: 'epoch',
  stage,
  epoch: number,
  learningRate: 0.001 / number,
  loss: 2.5 / number,
  terms: { crossEntropy: 2 / number, filter: 0.5 / number },
  accuracyTraining: accuracyValidation + 0.01,
  accuracyValidation,
  lossValidation: 2.25 / number,
  best: true,
})

const facts = { channels: 3, classNames: ['cat', 'dog', 'frog'] }

/** Logits of four images: three right, a dog taken for a cat. */
const tested = metrics([2, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 4], [0, 1, 1, 2], facts.classNames)

export const trainingRun = (changes: Partial<TrainingRun> = {}): TrainingRun => ({
  kind: 'training',
  name: 'trained',
  directory: 'runs/trained',
  state: 'finished',
  dataset: 'cifar10',
  data: null,
  classes: 3,
  backend: 'tfjs-webgpu',
  threads: 1,
  config: trainingPresets.quick,
  genotype,
  initFrom: null,
  teacher: null,
  history: [epoch(1, 0.31), epoch(2, 0.32)],
  journal: [],
  evaluation: { best: tested, last: tested },
  summary: summarize(
    modelSpec(trainingPresets.quick, facts),
    genotype,
    'child',
    { height: 32, width: 32, channels: 3 },
    facts,
  ),
  ...changes,
})
