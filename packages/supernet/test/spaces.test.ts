import {
  fullSpace,
  type NetworkSpec,
  parameterShapes,
  residual,
  type SpaceOption,
  spaces,
  tiny,
  trace,
} from '@cpnas/supernet'
import { expect, test } from 'vitest'

const small: NetworkSpec = { cells: 3, channels: 2, inChannels: 1, classes: 3 }
const changes: Readonly<Record<SpaceOption, Partial<NetworkSpec>>> = {
  sepConvRepeat: { sepConvRepeat: 2 },
  prelu: { prelu: true },
  preprocessPrecision: { preprocessPrecision: 'float' },
}

test.for(spaces)('the options of $name are those that change its networks', space => {
  const layers = (change: Partial<NetworkSpec>) => {
    const spec = { ...small, ...change, space }
    return trace(spec, fullSpace(space), 'child', { height: 8, width: 8 }).layers
  }
  const effective = Object.entries(changes).filter(
    ([, change]) => JSON.stringify(layers(change)) !== JSON.stringify(layers({})),
  )
  expect(effective.map(([option]) => option).sort()).toEqual([...space.options].sort())
})

test.for([residual, tiny])('the Parent of $name is the Child in full precision: it has the same parameters', space => {
  const shapes = (kind: 'child' | 'parent') => parameterShapes({ ...small, space }, fullSpace(space), kind)
  expect(shapes('parent')).toEqual(shapes('child'))
})
