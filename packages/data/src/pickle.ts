/** A string of bytes in a pickle, and where it lies in the file, if it lies there as it is. */
export interface PickledBytes {
  readonly bytes: Uint8Array
  readonly offset: number | undefined
}

/** The values of a pickle of plain data; for objects, their arguments and state. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | PickledBytes
  | readonly Pickled[]
  | ReadonlyMap<string, Pickled>
  | { readonly name: string }
  | { readonly made: string; readonly parts: readonly Pickled[]; state: Pickled }

export const isPickledBytes = (value: Pickled | undefined): value is PickledBytes =>
  typeof value === 'object' && value !== null && 'bytes' in value

class PickleError extends Error {}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const textOf = (value: Pickled): string =>
  isPickledBytes(value) ? latin1(value.bytes) : typeof value === 'string' ? value : String(value)

const calls: Readonly<Record<string, (parts: readonly Pickled[]) => Pickled>> = {
  // How protocol 2 of Python 3 writes bytes.
  '_codecs encode': ([text]) => ({ bytes: Buffer.from(textOf(text ?? ''), 'latin1'), offset: undefined }),
  '__builtin__ bytes': () => ({ bytes: new Uint8Array(0), offset: undefined }),
  'builtins bytes': () => ({ bytes: new Uint8Array(0), offset: undefined }),
}

/**
 * Reads a pickle of plain data (protocols 2 to 5; Python's pickletools documents the format): nothing is imported or run, an object is
 * its parts and its state. Left out are what CIFAR's files do not have. Throws an Error that says at which byte it fails.
 */
export const readPickle = (file: Uint8Array): Pickled => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const stack: Pickled[] = []
  const marks: number[] = []
  const memo = new Map<number, Pickled>()
  let at = 0

  const need = (count: number): number => {
    const from = at
    at += count
    if (at > file.length) throw new PickleError('it is cut short')
    return from
  }
  const u8 = (): number => view.getUint8(need(1))
  const u32 = (): number => view.getUint32(need(4), true)
  const u64 = (): number => Number(view.getBigUint64(need(8), true))
  const bytes = (length: number): PickledBytes => {
    const offset = need(length)
    return { bytes: file.subarray(offset, offset + length), offset }
  }
  const text = (length: number): string => Buffer.from(bytes(length).bytes).toString('utf8')
  const line = (): string => {
    const end = file.indexOf(10, at)
    if (end < 0) throw new PickleError('it is cut short')
    const from = need(end + 1 - at)
    return latin1(file.subarray(from, end))
  }
  const pop = (): Pickled => {
    if (stack.length === 0) throw new PickleError('its stack is empty')
    return stack.pop()!
  }
  const popMark = (): Pickled[] => {
    const mark = marks.pop()
    if (mark === undefined) throw new PickleError('it has no mark')
    return stack.splice(mark)
  }
  const top = (): Pickled => stack.at(-1)!
  const append = (items: readonly Pickled[]): void => void (top() as Pickled[]).push(...items)
  const set = (items: readonly Pickled[]): void => {
    const map = top() as Map<string, Pickled>
    for (let i = 0; i + 1 < items.length; i += 2) map.set(textOf(items[i]!), items[i + 1]!)
  }
  const reduce = (): Pickled => {
    const parts = pop() as readonly Pickled[]
    const { name } = pop() as { readonly name: string }
    return calls[name]?.(parts) ?? { made: name, parts, state: null }
  }
  const build = (): void => {
    const state = pop()
    const object = top()
    if (typeof object === 'object' && object !== null && 'made' in object) object.state = state
  }
  const tuple = (count: number): Pickled => {
    const items = stack.splice(stack.length - count)
    if (items.length < count) throw new PickleError('its stack is empty')
    return items
  }
  const long = (length: number): number => {
    const { bytes: digits } = bytes(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]!)
    return Number(length > 0 && digits[length - 1]! >= 0x80 ? value - (1n << BigInt(8 * length)) : value)
  }

  const operations: Readonly<Record<number, () => void>> = {
    128: () => void u8(),
    149: () => void u64(),
    40: () => void marks.push(stack.length), // MARK
    78: () => void stack.push(null), // NONE
    136: () => void stack.push(true),
    137: () => void stack.push(false),
    74: () => void stack.push(view.getInt32(need(4), true)), // BININT
    75: () => void stack.push(u8()), // BININT1
    77: () => void stack.push(view.getUint16(need(2), true)), // BININT2
    138: () => void stack.push(long(u8())), // LONG1
    71: () => void stack.push(view.getFloat64(need(8))), // BINFLOAT
    85: () => void stack.push(bytes(u8())), // SHORT_BINSTRING
    84: () => void stack.push(bytes(u32())), // BINSTRING
    67: () => void stack.push(bytes(u8())), // SHORT_BINBYTES
    66: () => void stack.push(bytes(u32())), // BINBYTES
    142: () => void stack.push(bytes(u64())), // BINBYTES8
    88: () => void stack.push(text(u32())), // BINUNICODE
    140: () => void stack.push(text(u8())), // SHORT_BINUNICODE
    141: () => void stack.push(text(u64())), // BINUNICODE8
    93: () => void stack.push([]), // EMPTY_LIST
    97: () => append([pop()]), // APPEND
    101: () => append(popMark()), // APPENDS
    125: () => void stack.push(new Map()), // EMPTY_DICT
    115: () => set(stack.splice(-2)), // SETITEM
    117: () => set(popMark()), // SETITEMS
    41: () => void stack.push([]), // EMPTY_TUPLE
    116: () => void stack.push(popMark()), // TUPLE
    133: () => void stack.push(tuple(1)),
    134: () => void stack.push(tuple(2)),
    135: () => void stack.push(tuple(3)),
    113: () => void memo.set(u8(), top()), // BINPUT
    114: () => void memo.set(u32(), top()), // LONG_BINPUT
    148: () => void memo.set(memo.size, top()), // MEMOIZE
    104: () => void stack.push(memo.get(u8()) ?? null), // BINGET
    106: () => void stack.push(memo.get(u32()) ?? null), // LONG_BINGET
    99: () => void stack.push({ name: `${line()} ${line()}` }), // GLOBAL
    147: () => {
      const [module, name] = tuple(2) as readonly Pickled[]
      stack.push({ name: `${textOf(module!)} ${textOf(name!)}` })
    },
    82: () => void stack.push(reduce()), // REDUCE
    98: build, // BUILD
    48: () => void pop(), // POP
  }

  for (;;) {
    const code = u8()
    if (code === 0x2e) return pop()
    const operation = operations[code]
    if (operation === undefined)
      throw new PickleError(`byte ${at - 1} is 0x${code.toString(16)}, which plain data do not have`)
    operation()
  }
}
