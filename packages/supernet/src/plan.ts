import type { CellPlan, NetworkSpec } from './space.js'
import { spaceOf } from './spec.js'

/** A convolution of the stem, 3x3 and normalized. */
export interface StemPlan {
  readonly name: string
  readonly channels: number
  readonly stride: 1 | 2
}

/** The convolutions of the stem in order. The outputs of the last two (of the only one, twice) enter the first cell. */
export const stemPlans = (spec: NetworkSpec): readonly [StemPlan, ...StemPlan[]] => {
  const { stem = 'cifar', channels } = spec
  if (stem === 'cifar') {
    const { stemChannels, stemStride = 1 } = spaceOf(spec)
    return [{ name: 'stem', channels: stemChannels(channels), stride: stemStride }]
  }
  return [
    { name: 'stem.0', channels: Math.max(1, Math.floor(channels / 2)), stride: 2 },
    { name: 'stem.1', channels, stride: 2 },
    { name: 'stem.2', channels, stride: 2 },
  ]
}

/** Index of the cell that the auxiliary head reads: the second reduction cell, which in a network of one cell is the first. */
export const auxiliaryCell = (spec: NetworkSpec): number => Math.floor((2 * spec.cells) / 3)

/** The cells in order. */
export const cellPlans = (spec: NetworkSpec): readonly CellPlan[] => {
  const reductions = [Math.floor(spec.cells / 3), Math.floor((2 * spec.cells) / 3)]
  const stem = stemPlans(spec)
  const last = stem.at(-1)!
  const outputs = [last.channels, last.channels]
  const plans: CellPlan[] = []
  let { channels } = spec
  for (let index = 0; index < spec.cells; index++) {
    const kind = reductions.includes(index) ? 'reduce' : 'normal'
    if (kind === 'reduce') channels *= 2
    plans.push({
      index,
      kind,
      channels,
      inputChannels: [outputs.at(-2)!, outputs.at(-1)!],
      previousReduced: index === 0 ? stem.length > 1 : plans[index - 1]!.kind === 'reduce',
    })
    outputs.push(spaceOf(spec).outputChannels(channels))
  }
  return plans
}
