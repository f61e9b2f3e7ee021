import { findLibrary } from '../../src/wasm/onednn/find.js'
import { openIfThere } from '../tfjs/open.js'

/** The oneDNN of this machine, if there is one; else a line of output says why not. */
export const oneDnn = (await openIfThere(findLibrary()))?.name

/** These options with the library; none where there is no library. */
export const withOneDnn = <O extends object>(options: O): readonly (O & { readonly oneDnn: string })[] =>
  oneDnn === undefined ? [] : [{ ...options, oneDnn }]
