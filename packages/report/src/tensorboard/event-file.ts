import type { Run } from '@cpnas/runs'
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
 * A TensorBoard event file of what happened in a run, as bytes. A step has the time at which the run saved it; where its journal
 * does not tell, `wallTime`, in seconds since 1970.
 */
export const eventFile = (run: Run, wallTime: number): Uint8Array => {
  const steps = new Map<number, Scalar[]>()
  for (const scalar of scalarsOf(run)) steps.set(scalar.step, [...(steps.get(scalar.step) ?? []), scalar])
  const events = [...steps]
    .sort(([a], [b]) => a - b)
    .map(([step, scalars]) => ({ step, scalars, time: scalars[0]!.time ?? wallTime }))
  return concat(
    [
      versionEvent(events[0]?.time ?? wallTime),
      ...events.map(({ step, scalars, time }) => scalarsEvent(time, step, scalars)),
    ].map(tfRecord),
  )
}
