import type { RowKind } from '@cpnas/model'
import type { PackedModel } from '@cpnas/packed'
import { summarizePacked } from './packed-summary.js'

/** Numbers of a packed model that stay in 32 bits for the same reason. */
export interface FloatPart {
  readonly part: string
  readonly numbers: number
  readonly bytes: number
  readonly reason: string
}

const parts: Partial<Record<RowKind, string>> = {
  convolution: 'filters of float convolutions',
  scale: 'scales of binary convolutions in sums',
  bias: 'biases of sums',
  pooling: 'scales of pooling',
  prelu: 'slopes of PReLU',
  classifier: 'classifier',
}

/** The parts of a packed model that stay in 32 bits, and why; everything else is signs and integer thresholds. */
export const floatParts = (model: PackedModel): readonly FloatPart[] => {
  const found = new Map<string, FloatPart>()
  for (const { kind, reason, floatWeights, bytes } of summarizePacked(model).rows) {
    if (reason === undefined) continue
    const key = `${kind} ${reason}`
    const { numbers, bytes: others } = found.get(key) ?? { numbers: 0, bytes: 0 }
    found.set(key, { part: parts[kind] ?? kind, numbers: numbers + floatWeights, bytes: others + bytes, reason })
  }
  return [...found.values()]
}
