// Times one search step of one architecture in this process and prints a JSON line. Started by the benchmarks beside it.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { count, initialParameters, latentNames, network, parameterShapes } from '@cpnas/supernet'
import { crossEntropies, sgd, trainStep } from '@cpnas/training'
import { openEngine } from './engine.mjs'

const { values } = parseArgs({
  options: {
    ...Object.fromEntries(
      ['arch', 'threads', 'batch', 'cells', 'channels', 'size', 'steps', 'growth'].map(name => [
        name,
        { type: 'string' },
      ]),
    ),
    backend: { type: 'string', default: 'wasm' },
    composed: { type: 'boolean', default: false },
  },
})
const number = name => Number(values[name])
const spec = { cells: number('cells'), channels: number('channels'), inChannels: 3, classes: 10 }
const genotype = JSON.parse(readFileSync(values.arch, 'utf8'))
const [batch, size, steps, growth] = [number('batch'), number('size'), number('steps'), number('growth')]
const WARM_UP = 2
/**
 * Steps that a device is given before it is waited for: a search waits at the end of an epoch. Composed ones make so
 * many bind groups that those of several steps are more than lavapipe survives (it maps memory for them, unchecked).
 */
const IN_FLIGHT = values.composed ? 1 : 5

const threads = values.threads === undefined ? undefined : number('threads')
const { backend, dispatches, device, description } = await openEngine(values.backend, {
  threads,
  composed: values.composed,
})
const optimizer = sgd({ momentum: 0.9, weightDecay: 3e-4 })

/** Uniform pseudo-random values in -1.7..1.7 (unit variance), the same in every run. */
let state = 1
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return (state / 2 ** 31) * 1.732
}
const images = backend.tensor(Float32Array.from({ length: batch * size * size * 3 }, random), [batch, size, size, 3])
const labels = backend.tensor(
  Float32Array.from({ length: batch }, (_, i) => i % 10),
  [batch],
)

const learnerOf = kind => {
  const shapes = parameterShapes(spec, genotype, kind)
  const initial = initialParameters(shapes, 1)
  const parameters = Object.fromEntries(
    Object.entries(initial).map(([name, v]) => [name, backend.tensor(v, shapes[name])]),
  )
  return { parameters, state: optimizer.init(backend, parameters) }
}

const step = (learner, kind) =>
  trainStep(backend, learner, crossEntropies(backend, [network(spec, genotype, kind)], images, labels), {
    optimizer,
    learningRate: 0.025,
    gradientClip: 5,
    latent: kind === 'child' ? latentNames(spec, genotype) : [],
  })

const median = times => times.toSorted((a, b) => a - b)[times.length >> 1]

const timeSteps = async kind => {
  let learner = learnerOf(kind)
  /** The loss of the last step is read: then all of them are done. */
  const run = async howMany => {
    let last
    for (let i = 0; i < howMany; i++) {
      const { learner: next, aux: losses } = step(learner, kind)
      learner = next
      if (last) backend.dispose(last)
      last = losses
    }
    const [loss] = await backend.read(last[0])
    backend.dispose(last)
    return loss
  }
  const held = () => ({ rss: process.memoryUsage().rss, ...backend.memory(), ...device() })
  await run(WARM_UP)
  const dispatched = dispatches()
  await run(1)
  const programs = dispatches() - dispatched
  const times = []
  const together = values.backend === 'wasm' ? 1 : IN_FLIGHT
  for (let done = 0; done < steps; done += together) {
    const start = performance.now()
    await run(together)
    times.push((performance.now() - start) / together)
  }
  const before = held()
  for (let i = 0; i < growth; i += 20) await run(Math.min(20, growth - i))
  const after = held()
  backend.dispose(learner)
  return { ms: median(times), programs, before, after }
}

const child = await timeSteps('child')
const parent = await timeSteps('parent')
console.log(
  JSON.stringify({
    child_ms: child.ms,
    parent_ms: parent.ms,
    images_per_s: (batch / (child.ms + parent.ms)) * 1e3,
    params: count(spec, genotype, 'child').total.parameters,
    ...(Number.isNaN(child.programs) ? {} : { child_dispatches: child.programs, parent_dispatches: parent.programs }),
    device: device(),
    description,
    growth: { child: [child.before, child.after], parent: [parent.before, parent.after] },
  }),
)
await backend.close()
process.exit()
