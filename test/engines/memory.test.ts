import { backendOf } from '@cpnas/backends'
import { cpNas, fullSpace, samplePass } from '@cpnas/supernet'
import { afterAll, describe, expect, test } from 'vitest'
import { engines, openIfThere } from './engines.js'
import { beginner, type Lesson, material, step } from './learning.js'

const steps = 200

const [genotype] = samplePass(fullSpace(cpNas), 1)

const lessonOf = (kind: Lesson['kind']): Lesson => ({
  spec: { cells: 1, channels: 2, inChannels: 1, classes: 3 },
  genotype: genotype!,
  kind,
  batch: 2,
  size: 6,
  seed: 1,
})

describe.each(engines)('$name', async engine => {
  const opened = await openIfThere(engine)
  if (opened === undefined) {
    test.skip(`${engine.name} is not available here`)
    return
  }
  const { kernels, held } = opened
  const backend = backendOf(kernels)
  afterAll(() => kernels.close())

  test(`${steps} search steps, each of a Child and a Parent, leave nothing behind`, async () => {
    const sides = [lessonOf('child'), lessonOf('parent')].map(lesson => ({
      lesson,
      data: material(backend, lesson),
      learner: beginner(backend, lesson),
    }))
    const oneStep = (): void => {
      for (const side of sides) {
        const { learner, loss, statistics } = step(backend, side.lesson, side.learner, side.data)
        Object.assign(side, { learner })
        backend.dispose([loss, statistics])
      }
    }
    const settle = async (): Promise<void> => {
      await backend.read(Object.values(sides[0]!.learner.parameters)[0]!)
    }
    // The first steps make the optimizer's state.
    for (let i = 0; i < 3; i++) oneStep()
    await settle()
    const before = held()
    for (let i = 0; i < steps; i++) {
      oneStep()
      if (i % 20 === 0) await settle()
    }
    await settle()
    expect(held()).toEqual(before)
    backend.dispose(sides)
    expect(held()).toMatchObject({ tensors: 0, bytes: 0 })
  })
})
