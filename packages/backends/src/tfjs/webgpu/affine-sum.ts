import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { elementProgram } from './elementwise.js'
import { family, type Launcher, type Program } from './program.js'
import { spreadElements } from './wgsl.js'

/** `scaled`: by term, whether it has a scale. */
const affineSumProgram = family((scaled: readonly boolean[], shifted: boolean, inPlace: boolean): Program => {
  const terms = scaled.map((has, t) => {
    const x = `x${t}[uniforms.x${t}At + i]`
    return has ? `${x} * scale${t}[uniforms.scale${t}At + c]` : x
  })
  return elementProgram(
    `affineSum ${scaled.map(Number).join('')} ${shifted} ${inPlace}`,
    [...scaled.flatMap((has, t) => (has ? [`x${t}`, `scale${t}`] : [`x${t}`])), ...(shifted ? ['shift'] : [])],
    `let c = i % uniforms.channels;
    result[i] = ${[...(inPlace ? ['result[i]'] : []), ...(shifted ? ['shift[uniforms.shiftAt + c]'] : []), ...terms].join(' + ')};`,
    { integers: ['channels'] },
  )
})

/** One dispatch for as many terms as there may be buffers bound; in place where nobody else holds `into`. */
export const affineSums = (
  { launch, launchInto, bindings }: Launcher,
  { free, exclusive }: Store,
): Pick<Kernels<TfjsTensor>, 'affineSum'> => {
  const affineSum: Kernels<TfjsTensor>['affineSum'] = (terms, shift, into) => {
    const { shape } = terms[0]!.x
    if (into !== undefined && !exclusive(into)) {
      const sum = affineSum([{ x: into }, ...terms], shift)
      free(into)
      return sum
    }
    const elements = sizeOf(shape)
    const sizes = { integers: [elements, shape.at(-1)!], workgroups: spreadElements(elements) }
    let total = into
    let left = terms
    let constant = shift
    while (left.length > 0) {
      let room = bindings - 1 - (constant === undefined ? 0 : 1)
      const fitting = left.findIndex(({ scale }) => {
        room -= scale === undefined ? 1 : 2
        return room < 0
      })
      const here = fitting < 0 ? left : left.slice(0, fitting)
      const inputs = [
        ...here.flatMap(({ x, scale }) => (scale === undefined ? [x] : [x, scale])),
        ...(constant === undefined ? [] : [constant]),
      ]
      const scaled = here.map(({ scale }) => scale !== undefined)
      const program = affineSumProgram(scaled, constant !== undefined, total !== undefined)
      if (total === undefined) total = launch(program, { ...sizes, inputs }, shape)
      else launchInto(program, { ...sizes, inputs }, total)
      left = left.slice(here.length)
      constant = undefined
    }
    return total!
  }

  return { affineSum }
}
