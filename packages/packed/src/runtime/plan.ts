/** Addresses below are the kernels' own. */
const base = 65_536
const alignment = 16
/** Kernels read and write this far past what they are given at most; wider strides say so themselves. */
const slack = 128

type Numbers = Uint8Array | Int16Array | Uint16Array | Uint32Array | Float32Array

/** Where everything is in the memory of the kernels, known before there is one. */
export interface Plan {
  /** Numbers that stay as they are, made when they are needed. */
  readonly constant: (bytes: number, make: () => Numbers) => number
  /** The argument record of a kernel. */
  readonly record: (words: readonly number[]) => number
  /** Room for what is computed, until it is released. */
  readonly allocate: (bytes: number) => number
  readonly release: (address: number) => void
}

export interface Planned<A> {
  readonly result: A
  /** Bytes of the memory. */
  readonly size: number
  readonly constants: readonly { readonly address: number; readonly make: () => Numbers }[]
}

interface Block {
  readonly address: number
  readonly bytes: number
}

const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment

/** First fit; neighbours that are free become one. */
const workspace = (start: number) => {
  let free: readonly Block[] = []
  let end = start
  const taken = new Map<number, number>()
  const allocate = (wanted: number): number => {
    const bytes = align(wanted + slack)
    const fit = free.find(block => block.bytes >= bytes)
    const address = fit?.address ?? end
    if (fit === undefined) end += bytes
    else
      free = free.flatMap(block => {
        if (block !== fit) return [block]
        return fit.bytes > bytes ? [{ address: fit.address + bytes, bytes: fit.bytes - bytes }] : []
      })
    taken.set(address, bytes)
    return address
  }
  const release = (address: number): void => {
    const blocks = [...free, { address, bytes: taken.get(address)! }].sort((a, b) => a.address - b.address)
    taken.delete(address)
    const merged: Block[] = []
    for (const block of blocks) {
      const last = merged.at(-1)
      if (last && last.address + last.bytes === block.address)
        merged[merged.length - 1] = { address: last.address, bytes: last.bytes + block.bytes }
      else merged.push(block)
    }
    free = merged
  }
  return { allocate, release, end: () => end }
}

const attempt = <A>(workStart: number, use: (plan: Plan) => A) => {
  const constants: { readonly address: number; readonly make: () => Numbers }[] = []
  const work = workspace(workStart)
  let end = base
  const constant = (bytes: number, make: () => Numbers): number => {
    const address = end
    constants.push({ address, make })
    end += align(bytes)
    return address
  }
  const record = (words: readonly number[]): number => constant(4 * words.length, () => Uint32Array.from(words))
  const result = use({ constant, record, allocate: work.allocate, release: work.release })
  return { result, constants, constantsEnd: end + slack, end: work.end() }
}

/**
 * Constants come first in the memory, then what is computed. How long the constants are is only known when all is planned, so
 * that `use` is called twice, and must do the same both times.
 */
export const planMemory = <A>(use: (plan: Plan) => A): Planned<A> => {
  const { constantsEnd } = attempt(base, use)
  const { result, constants, end } = attempt(constantsEnd, use)
  return { result, size: end + slack, constants }
}
