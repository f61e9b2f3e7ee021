import { describe, expect, it } from 'vitest'
import { mapClasses } from '../src/class-mapping.js'

const image = { height: 8, width: 8, channels: 3 }
const map = (model: readonly string[], data: readonly string[], size = image) =>
  mapClasses({ image, classNames: model }, { ...size, classNames: data }, 'data')
const classes = (...classes: readonly number[]) => ({ _tag: 'Right', right: { classes, byPosition: false } })

describe('mapClasses', () => {
  it('goes by names, in whatever order', () => {
    expect(map(['a', 'b', 'c'], ['a', 'b', 'c'])).toEqual(classes(0, 1, 2))
    expect(map(['a', 'b', 'c'], ['c', 'a', 'b'])).toEqual(classes(2, 0, 1))
  })

  it('takes data of some of the classes', () => {
    expect(map(['a', 'b', 'c'], ['c', 'b'])).toEqual(classes(2, 1))
  })

  it('goes by positions where there are as many of other names, or names that two classes share', () => {
    expect(map(['a', 'b'], ['x', 'b'])).toEqual({ _tag: 'Right', right: { classes: [0, 1], byPosition: true } })
    expect(map(['a', 'a'], ['a', 'b'])).toEqual({ _tag: 'Right', right: { classes: [0, 1], byPosition: true } })
    expect(map(['a', 'a'], ['a', 'a'])).toEqual(classes(0, 1))
  })

  it('refuses other classes, and images of another size or other channels', () => {
    expect(map(['a', 'b', 'c'], ['a', 'x'])).toMatchObject({ left: { problem: expect.stringContaining('know "x"') } })
    expect(map(['a'], ['a'], { ...image, width: 9 })).toMatchObject({
      left: { problem: 'has images of 8x9x3, the model was trained with 8x8x3' },
    })
    expect(map(['a'], ['a'], { ...image, channels: 1 })).toMatchObject({ left: { _tag: 'InvalidData' } })
  })
})
