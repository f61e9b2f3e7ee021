// Times one search step of one architecture in this process and prints a JSON line. Started by search-step.mjs.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { wasmBackend } from '@cpnas/backends'
import { count, initialParameters, latentNames, network, parameterShapes } from '@cpnas/supernet'
import { sgd, trainStep } from '@cpnas/training'

const { values } = parseArgs({
  options: Object.fromEntries(
    ['arch', 'threads', 'batch', 'cells', 'channels', 'size', 'steps', 'growth'].map(name => [
      name,
      { type: 'string' },
    ]),
  ),
})
const number = name => Number(values[name])
const spec = { cells: number('cells'), channels: number('channels'), inChannels: 3, classes: 10 }
const genotype = JSON.parse(readFileSync(values.arch, 'utf8'))
const [batch, size, steps, growth] = [number('batch'), number('size'), number('steps'), number('growth')]
const WARM_UP = 3

const backend = await wasmBackend({ threads: number('threads') })
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

const step = (learner, kind) => {
  const { learner: next, losses } = trainStep(backend, learner, [network(spec, genotype, kind)], images, labels, {
    optimizer,
    learningRate: 0.025,
    gradientClip: 5,
    latent: kind === 'child' ? latentNames(spec, genotype) : [],
  })
  backend.dispose(losses)
  return next
}

const median = times => times.toSorted((a, b) => a - b)[times.length >> 1]

const timeSteps = kind => {
  let learner = learnerOf(kind)
  const times = []
  for (let i = 0; i < WARM_UP + steps; i++) {
    const start = performance.now()
    learner = step(learner, kind)
    times.push(performance.now() - start)
  }
  const before = { rss: process.memoryUsage().rss, ...backend.memory() }
  for (let i = 0; i < growth; i++) learner = step(learner, kind)
  const after = { rss: process.memoryUsage().rss, ...backend.memory() }
  backend.dispose(learner)
  return { ms: median(times.slice(WARM_UP)), before, after }
}

const child = timeSteps('child')
const parent = timeSteps('parent')
console.log(
  JSON.stringify({
    child_ms: child.ms,
    parent_ms: parent.ms,
    images_per_s: (batch / (child.ms + parent.ms)) * 1e3,
    params: count(spec, genotype, 'child').total.parameters,
    growth: { child: [child.before, child.after], parent: [parent.before, parent.after] },
  }),
)
await backend.close()
