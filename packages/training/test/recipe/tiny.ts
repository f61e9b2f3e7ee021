import { createHash } from 'node:crypto'
import { type Backend, referenceBackend, type StoredTensors } from '@cpnas/backends'
import type { Dataset, RecordDataset } from '@cpnas/data'
import type { Genotype } from '@cpnas/supernet'
import {
  type Model,
  runTraining,
  type TrainingConfig,
  type TrainingOptions,
  type TrainingSnapshot,
  trainingPresets,
} from '@cpnas/training'
import { right } from 'fp-ts/lib/TaskEither.js'
import { tinyDataset as datasetOf } from '../../../../test/support/tiny-dataset.js'

export const tinyDataset = (count = 20): RecordDataset => datasetOf(count)

const cell = (...operations: readonly string[]): readonly string[] =>
  Array.from({ length: 14 }, (_, edge) => operations[edge % operations.length]!)

/** Few convolutions, so that the reference engine is quick; all kinds of operations are there. */
export const tinyGenotype: Genotype = {
  normal: cell('sep_conv_3x3', 'skip_connect', 'max_pool_3x3', 'none', 'skip_connect'),
  reduce: cell('skip_connect', 'dil_conv_3x3', 'avg_pool_3x3', 'none', 'none'),
}

/** Two epochs of four steps on 16 images, and 4 that validate. */
export const tinyConfig: TrainingConfig = {
  ...trainingPresets.quick,
  seed: 5,
  channels: 2,
  validationShare: 0.2,
  batchSize: 4,
  epochs: 2,
  learningRate: 0.005,
  filterWeight: 1,
  lambda: 0.1,
  crop: 1,
  flip: true,
}

/** Everything that has a state of its own, but for the auxiliary head, whose 400,000 weights take the reference engine seconds. */
export const everything: Partial<TrainingConfig> = {
  dropPath: 0.4,
  labelSmoothing: 0.1,
  emaDecay: 0.9,
  warmupEpochs: 0.5,
  cutout: 2,
  prelu: true,
  stages: 2,
}

/** A short text in place of many values: the same for the same bits. */
export const digest = (tensors: StoredTensors): string => {
  const hash = createHash('sha256')
  for (const [name, { shape, values }] of Object.entries(tensors).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name} ${shape.join()}`).update(values)
  return hash.digest('hex')
}

/** What a training came to, and what it saved on the way, to be compared to the last bit. */
export const digests = ({ result, snapshots }: Awaited<ReturnType<typeof runTiny>>) => ({
  result:
    result._tag === 'Right' && result.right.status === 'finished'
      ? {
          state: result.right.state,
          ...Object.fromEntries(
            (['last', 'best'] as const).map(name => {
              const { parameters, statistics, ...facts } = result.right[name as never] as Model
              return [name, { facts, parameters: digest(parameters), statistics: digest(statistics) }]
            }),
          ),
        }
      : result,
  snapshots: snapshots.map(({ state, tensors }) => ({ state, tensors: digest(tensors) })),
})

/** A training and every snapshot it saved. */
export const runOn = async <T>(
  backend: Backend<T>,
  config: Partial<TrainingConfig> = {},
  options: TrainingOptions = {},
  train: Dataset = tinyDataset(),
) => {
  const snapshots: TrainingSnapshot[] = []
  const save = (snapshot: TrainingSnapshot) => {
    snapshots.push(snapshot)
    return right(undefined)
  }
  const result = await runTraining(
    backend,
    { train },
    tinyGenotype,
    { ...tinyConfig, ...config },
    { save, ...options },
  )()
  return { result, snapshots, memory: backend.memory() }
}

/** On the reference engine. */
export const runTiny = (
  config: Partial<TrainingConfig> = {},
  options: TrainingOptions = {},
  train: Dataset = tinyDataset(),
) => runOn(referenceBackend(), config, options, train)
