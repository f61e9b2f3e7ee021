import type { Kernels, Values } from '@cpnas/backends'
import { createRunner, interpret } from '@cpnas/packed'
import type { Model } from '@cpnas/training'
import { expect } from 'vitest'
import { graphOf } from '../../src/graph.js'
import { lower } from '../../src/lower/lower.js'
import { imageOf } from './models.js'
import { observedRun } from './observed-run.js'

/** How a packed model compares to the training engine. */
export interface Comparison {
  /** Binarized activations that were compared. */
  readonly signs: number
  /** Those of them that differ: their pre-activations are within rounding of 0. */
  readonly exceptions: number
  /** Images for which the runner has every sign as the engine has it. */
  readonly alike: number
  readonly images: number
}

export const total = (parts: readonly Comparison[]): Comparison =>
  parts.reduce(
    (a, b) => ({
      signs: a.signs + b.signs,
      exceptions: a.exceptions + b.exceptions,
      alike: a.alike + b.alike,
      images: a.images + b.images,
    }),
    { signs: 0, exceptions: 0, alike: 0, images: 0 },
  )

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** Roundings of float32 over all layers, which normalizations by small variances enlarge. */
const manyLayers = 1e-5

/** Within this share of the largest value, or of 100 if that is more. A wrong sign changes a value by far more. */
const expectClose = (found: ArrayLike<number>, expected: ArrayLike<number>, where: string, share: number): void => {
  expect(found.length).toBe(expected.length)
  const distance = largest(Array.from(found, (value, i) => value - expected[i]!))
  expect(distance, where).toBeLessThanOrEqual(share * Math.max(100, largest(expected)))
}

/**
 * Holds the packed model to what an engine computes of an image, value by value and in its scores. Where a sign differs, its
 * pre-activation must be within `rounding` of 0, in parts of the magnitudes that it is the sum of, and what follows is computed
 * from the engine's sign; so the scores have to agree in any case. Values have to agree within `rounding` of the largest.
 */
export const compare = async <H>(
  kernels: Kernels<H>,
  model: Model,
  seed: number,
  rounding: number,
): Promise<Comparison> => {
  const image = imageOf(model, seed)
  const graph = graphOf(model)
  const { program, origins } = lower(graph)
  const run = await observedRun(kernels, model, image)
  expect(run.values.length).toBe(graph.nodes.length)
  const places = new Map(graph.nodes.map((node, i) => [node, i]))
  let signs = 0
  let exceptions = 0
  const bitMaps: Uint8Array[] = []

  const { scores } = interpret(program, image, (computed, value) => {
    const { node, factors } = origins[value - 1]!
    const of = (wanted: typeof node): Values => run.values[places.get(wanted)!]!
    const engine = of(node)
    if (!(computed instanceof Uint8Array)) {
      expectClose(computed, engine, `value ${value}`, rounding)
      return computed
    }
    const [scale, shift] = [factors && of(factors.scale), factors && of(factors.shift)]
    const bits = Uint8Array.from(engine, (x, i) => {
      const [product, addend] = [x * (scale?.[i % scale.length] ?? 1), shift?.[i % shift.length] ?? 0]
      const bit = product + addend >= 0 ? 1 : 0
      if (bit !== computed[i]) {
        exceptions++
        expect(Math.abs(product + addend), `value ${value}`).toBeLessThanOrEqual(
          rounding * (1 + Math.abs(product) + Math.abs(addend)),
        )
      }
      return bit
    })
    signs += bits.length
    bitMaps.push(bits)
    return bits
  })
  expectClose(scores, run.scores, 'scores', rounding)

  const metadata = { classes: model.classNames, normalization: model.normalization }
  const runner = await createRunner({ metadata, program })
  const traced = runner.trace(image).filter(values => values instanceof Uint8Array)
  const alike = traced.every((bits, i) => bits.every((bit, j) => bit === bitMaps[i]![j]))
  if (alike) expectClose(runner.scores(image), run.scores, "the runner's scores", manyLayers)
  return { signs, exceptions, alike: alike ? 1 : 0, images: 1 }
}
