/** Reads what a TFRecord file of Event messages holds, by the formats' own descriptions and none of our code. */
export interface DecodedEvent {
  wallTime?: number
  step?: bigint
  version?: string
  readonly values: { tag?: string; value?: number }[]
}

/** CRC-32C bit by bit: reflected, polynomial 0x82f63b78. */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

const masked = (bytes: Uint8Array): number => {
  const crc = BigInt(crc32c(bytes))
  return Number((((crc >> 15n) | ((crc << 17n) & 0xffffffffn)) + 0xa282ead8n) & 0xffffffffn)
}

export const records = (file: Uint8Array): readonly Uint8Array[] => {
  const found: Uint8Array[] = []
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true))
    const bytes = file.subarray(at + 12, at + 12 + length)
    if (view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8))) throw new Error(`length at ${at}`)
    if (view.getUint32(at + 12 + length, true) !== masked(bytes)) throw new Error(`record at ${at}`)
    found.push(bytes)
    at += 16 + length
  }
  return found
}

type Field = readonly [number: number, value: bigint | Uint8Array]

const fields = (message: Uint8Array): readonly Field[] => {
  const found: Field[] = []
  let at = 0
  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = message[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const take = (length: number): Uint8Array => {
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const tag = varint()
    const type = Number(tag & 7n)
    const number = Number(tag >> 3n)
    found.push([number, type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : Number(varint()))])
  }
  return found
}

const view = (value: bigint | Uint8Array): DataView => {
  const { buffer, byteOffset, byteLength } = value as Uint8Array
  return new DataView(buffer, byteOffset, byteLength)
}

const words = (value: bigint | Uint8Array): string => new TextDecoder().decode(value as Uint8Array)

export const decode = (message: Uint8Array): DecodedEvent => {
  const event: DecodedEvent = { values: [] }
  for (const [number, value] of fields(message)) {
    if (number === 1) event.wallTime = view(value).getFloat64(0, true)
    if (number === 2) event.step = BigInt.asIntN(64, value as bigint)
    if (number === 3) event.version = words(value)
    if (number === 5)
      for (const [, scalar] of fields(value as Uint8Array)) {
        const of = new Map(fields(scalar as Uint8Array))
        event.values.push({ tag: words(of.get(1)!), value: view(of.get(2)!).getFloat32(0, true) })
      }
  }
  return event
}
