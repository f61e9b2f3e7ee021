import { describe, expect, it } from 'vitest'
import { mapClasses } from '../src/class-mapping.js'

const image = { height: 8, width: 8, channels: 3 }
const map = (model: readonly string[], data: readonly string[], size = image, byOrder = false) =>
  mapClasses({ image, classNames: model }, { ...size, classNames: data }, 'data', byOrder)
const classes = (...classes: readonly number[]) => ({ _tag: 'Right', right: { classes, byPosition: false } })

describe('mapClasses', () => {
  it('goes by names, in whatever order', () => {
    expect(map(['a', 'b', 'c'], ['a', 'b', 'c'])).toEqual(classes(0, 1, 2))
    expect(map(['a', 'b', 'c'], ['c', 'a', 'b'])).toEqual(classes(2, 0, 1))
  })

  it('takes data of some of the classes', () => {
    expect(map(['a', 'b', 'c'], ['c', 'b'])).toEqual(classes(2, 1))
  })

  it('goes by positions only where that is asked for, and there are as many', () => {
    expect(map(['a', 'b'], ['x', 'b'])).toMatchObject({
      left: {
        problem: `has the class "x", which the model does not know (2 classes; the model's are a, b)`,
        remedy: expect.stringContaining('classesByOrder'),
      },
    })
    expect(map(['a', 'b'], ['x', 'b'], image, true)).toEqual({
      _tag: 'Right',
      right: { classes: [0, 1], byPosition: true },
    })
    expect(map(['a', 'b'], ['b', 'a'], image, true)).toMatchObject({ right: { classes: [0, 1] } })
    expect(map(['a', 'b'], ['x'], image, true)).toMatchObject({
      left: { where: 'classesByOrder', problem: 'the data have 1 classes, the model 2' },
    })
  })

  it('refuses names that two classes of the model share, unless they are the same', () => {
    expect(map(['a', 'a'], ['a'])).toMatchObject({ left: { problem: expect.stringContaining('two of its classes') } })
    expect(map(['a', 'a'], ['a', 'a'])).toEqual(classes(0, 1))
  })

  it('takes names for the same in whatever Unicode form they are written', () => {
    expect(map(['caf\u00e9', 'b'], ['b', 'cafe\u0301'])).toEqual(classes(1, 0))
  })

  it('refuses other classes, and images of another size or other channels', () => {
    expect(map(['a', 'b', 'c'], ['a', 'x'])).toMatchObject({
      left: { problem: expect.stringContaining('the class "x", which the model does not know') },
    })
    expect(map(['a'], ['a'], { ...image, width: 9 })).toMatchObject({
      left: { problem: 'has images of 8x9x3, the model was trained with 8x8x3' },
    })
    expect(map(['a'], ['a'], { ...image, channels: 1 })).toMatchObject({ left: { _tag: 'InvalidData' } })
  })
})
