// Times one search step of one architecture in this process and prints a JSON line. Started by the benchmarks beside it.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { count } from '@cpnas/supernet'
import { openEngine } from './engine.mjs'
import { trainingSteps } from './training-step.mjs'

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
const { space, ...genotype } = JSON.parse(readFileSync(values.arch, 'utf8'))
const spec = { space, cells: number('cells'), channels: number('channels'), inChannels: 3, classes: 10 }
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
const { learnerOf, step } = trainingSteps(backend, spec, genotype, { batch, size })

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
  const together = ['wasm', 'onednn', 'onednn-bf16'].includes(values.backend) ? 1 : IN_FLIGHT
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
