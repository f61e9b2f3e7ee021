import type { Run } from '../run.js'
import { type Scalar, scalarsEvent, versionEvent } from './event.js'
import { tfRecord } from './record.js'
import { scalarsOf } from './scalars.js'

const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/**
 * A TensorBoard event file of what happened in a run, as bytes. A run does not record when each of its entries was made, so
 * all have one time, `wallTime`, in seconds since 1970: plots over the step are right, those over time are not.
 */
export const eventFile = (run: Run, wallTime: number): Uint8Array => {
  const steps = new Map<number, Scalar[]>()
  for (const scalar of scalarsOf(run)) steps.set(scalar.step, [...(steps.get(scalar.step) ?? []), scalar])
  return concat(
    [
      versionEvent(wallTime),
      ...[...steps].sort(([a], [b]) => a - b).map(([step, scalars]) => scalarsEvent(wallTime, step, scalars)),
    ].map(tfRecord),
  )
}
