import { type Shape, sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import type { Launcher, Program } from './program.js'

/** A part of a shader with what it reads. Fragments of one key have the same source and the same names, in the same order. */
export interface Fragment {
  readonly key: string
  /** Storage buffers by name, to be read from `uniforms.<name>At` on. */
  readonly inputs?: Readonly<Record<string, TfjsTensor>>
  /** Values per channel: `<name>(channel: i32) -> f32`. Those that lie in one buffer share a binding. */
  readonly vectors?: Readonly<Record<string, TfjsTensor>>
  readonly integers?: Readonly<Record<string, number>>
  readonly source?: () => string
}

export interface Dispatch {
  readonly fragments: readonly Fragment[]
  /** Invocations of a workgroup, along x. */
  readonly threads: number
  readonly workgroups: readonly [number, number, number]
}

/** Runs the shader that the fragments make up: into a new tensor of a shape, or on a tensor's buffer in place. */
export interface Runner {
  /** Whether shaders unroll short loops. */
  readonly unrolled: boolean
  fresh(dispatch: Dispatch, shape: Shape): TfjsTensor
  inPlace(dispatch: Dispatch, result: TfjsTensor): void
}

/** WGSL: copies its inputs one after the other. */
const packing = (count: number): Program => {
  const names = Array.from({ length: count }, (_, i) => `part${i}`)
  return {
    key: `pack ${count}`,
    inputs: names,
    integers: names.map(name => `${name}Size`),
    workgroup: [64, 1, 1],
    source: () => `fn main() {
      let at = i32(globalId.x);
      var rest = at;
      ${names
        .map(
          name => `if (rest < 0) { return; }
      if (rest < uniforms.${name}Size) { result[at] = ${name}[uniforms.${name}At + rest]; return; }
      rest -= uniforms.${name}Size;`,
        )
        .join('\n      ')}
    }`,
  }
}

/** Where vectors are bound: each one's buffer among `buffers`, and its first element there. */
interface Bound {
  readonly buffers: readonly TfjsTensor[]
  readonly places: readonly { readonly buffer: number; readonly offset: number }[]
}

const sharing = (vectors: readonly TfjsTensor[]): Bound => {
  const buffers: TfjsTensor[] = []
  const places = vectors.map(vector => {
    const known = buffers.findIndex(({ buffer }) => buffer.dataId === vector.buffer.dataId)
    return { buffer: known < 0 ? buffers.push(vector) - 1 : known, offset: vector.offset }
  })
  return { buffers, places }
}

const packed = (launcher: Launcher, vectors: readonly TfjsTensor[]): Bound => {
  const sizes = vectors.map(({ shape }) => sizeOf(shape))
  const total = sizes.reduce((a, b) => a + b, 0)
  const launch = { inputs: vectors, integers: sizes, workgroups: [Math.ceil(total / 64), 1, 1] } as const
  const buffer = launcher.launch(packing(vectors.length), launch, [total])
  const before = (i: number): number => sizes.slice(0, i).reduce((a, b) => a + b, 0)
  return { buffers: [buffer], places: sizes.map((_, i) => ({ buffer: 0, offset: before(i) })) }
}

export const makeRunner = (launcher: Launcher, store: Store): Runner => {
  const programs = new Map<string, Program>()

  const programOf = (
    key: string,
    fragments: readonly Fragment[],
    inputs: readonly string[],
    vectors: readonly string[],
    { buffers, places }: Bound,
    threads: number,
  ): Program => {
    const known = programs.get(key)
    if (known !== undefined) return known
    const program: Program = {
      key,
      inputs: [...inputs, ...buffers.map((_, i) => `vectors${i}`)],
      integers: [...vectors.map(name => `${name}From`), ...fragments.flatMap(f => Object.keys(f.integers ?? {}))],
      workgroup: [threads, 1, 1],
      source: () =>
        [
          ...vectors.map((name, i) => {
            const read = `vectors${places[i]!.buffer}[uniforms.${name}From + channel]`
            return `fn ${name}(channel: i32) -> f32 { return ${read}; }`
          }),
          ...fragments.map(f => f.source?.() ?? ''),
        ].join('\n'),
    }
    programs.set(key, program)
    return program
  }

  // Run for every program of a step: loops, for they take a fraction of the time of flatMap.
  const run = <R>(
    { fragments, threads, workgroups }: Dispatch,
    launch: (program: Program, operands: Parameters<Launcher['launch']>[1]) => R,
  ): R => {
    const names: string[] = []
    const inputs: TfjsTensor[] = []
    const vectorNames: string[] = []
    const vectors: TfjsTensor[] = []
    let key = ''
    for (const f of fragments) {
      key += f.key
      key += '; '
      for (const name in f.inputs) {
        names.push(name)
        inputs.push(f.inputs[name]!)
      }
      for (const name in f.vectors) {
        vectorNames.push(name)
        vectors.push(f.vectors[name]!)
      }
    }
    const shared = sharing(vectors)
    const few = inputs.length + shared.buffers.length + 1 <= launcher.bindings
    const bound = few ? shared : packed(launcher, vectors)
    const integers: number[] = []
    for (const { buffer, offset } of bound.places) {
      key += buffer
      integers.push(offset)
    }
    for (const f of fragments) for (const name in f.integers) integers.push(f.integers[name]!)
    inputs.push(...bound.buffers)
    const program = programOf(`${key}; ${threads}`, fragments, names, vectorNames, bound, threads)
    const result = launch(program, { inputs, integers, workgroups })
    if (!few) for (const buffer of bound.buffers) store.free(buffer)
    return result
  }

  return {
    unrolled: launcher.unrolled,
    fresh: (dispatch, shape) => run(dispatch, (program, operands) => launcher.launch(program, operands, shape)),
    inPlace: (dispatch, result) => run(dispatch, (program, operands) => launcher.launchInto(program, operands, result)),
  }
}
