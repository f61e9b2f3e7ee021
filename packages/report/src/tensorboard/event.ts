import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A number with a name at a step. */
export interface Scalar {
  /** What TensorBoard groups and names its plots by, e.g. `accuracy/child`. */
  readonly tag: string
  readonly step: number
  readonly value: number
  /** When it was saved, in seconds since 1970, where that is recorded. */
  readonly time?: number
}

/** Field numbers of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto. */
const eventFields = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const
const summaryFields = { value: 1 } as const
const valueFields = { tag: 1, simpleValue: 2 } as const

const event = (wallTime: number): BinaryWriter =>
  new BinaryWriter().tag(eventFields.wallTime, WireType.Bit64).double(wallTime)

/** The first event of a file. `wallTime` is in seconds since 1970. */
export const versionEvent = (wallTime: number): Uint8Array =>
  event(wallTime).tag(eventFields.fileVersion, WireType.LengthDelimited).string('brain.Event:2').finish()

/** The scalars of a step. Their values are stored as float32. */
export const scalarsEvent = (wallTime: number, step: number, scalars: readonly Scalar[]): Uint8Array => {
  const writer = event(wallTime).tag(eventFields.step, WireType.Varint).int64(step)
  writer.tag(eventFields.summary, WireType.LengthDelimited).fork()
  for (const { tag, value } of scalars) {
    writer.tag(summaryFields.value, WireType.LengthDelimited).fork()
    writer.tag(valueFields.tag, WireType.LengthDelimited).string(tag)
    writer.tag(valueFields.simpleValue, WireType.Bit32).float(value)
    writer.join()
  }
  return writer.join().finish()
}
