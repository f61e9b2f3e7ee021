import { findLibrary } from '../../src/wasm/onednn/find.js'
import { openIfThere } from '../open.js'

const found = await openIfThere(findLibrary())

/** The oneDNN of this machine, if there is one; else a line of output says why not. */
export const oneDnn = found?.name

const restricted = process.env.DNNL_MAX_CPU_ISA !== undefined
if (found && !found.bfloat16 && !restricted)
  console.warn('SKIPPED onednn-bf16: this processor has no fast products of bfloat16')

/** These options with the library; none where there is no library. */
export const withOneDnn = <O extends object>(options: O): readonly (O & { readonly oneDnn: string })[] =>
  oneDnn === undefined ? [] : [{ ...options, oneDnn }]

/** These options with the library and its products of bfloat16; none where they are not fast. */
export const withBfloat16 = <O extends object>(
  options: O,
): readonly (O & { readonly oneDnn: string; readonly bfloat16: true })[] =>
  found?.bfloat16 ? [{ ...options, oneDnn: found.name, bfloat16: true }] : []
