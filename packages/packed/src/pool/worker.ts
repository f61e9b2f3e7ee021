import { nodeModule } from '../node.js'
import { type Runner, runnerOf } from '../runtime/runner.js'
import type { Answer, Job, Start } from './job.js'

/** What Node's port to the parent and the global object of a page's worker have in common. */
interface Port {
  onmessage: ((event: { readonly data: Start | Job }) => void) | null
  postMessage(answer: Answer): void
}

const port =
  nodeModule<{ readonly parentPort: Port | null }>('worker_threads')?.parentPort ?? (globalThis as unknown as Port)

const work = ({ scores: score }: Runner, { images, scores, count, next }: Job): void => {
  const numbers = images.length / count
  const classes = scores.length / count
  for (;;) {
    const i = Atomics.add(next, 0, 1)
    if (i >= count) return
    scores.set(score(images.subarray(i * numbers, (i + 1) * numbers)), i * classes)
  }
}

let runner: Runner
port.onmessage = ({ data }) => {
  if ('program' in data) {
    runner = runnerOf(data, data)
    port.postMessage('ready')
  } else {
    work(runner, data)
    port.postMessage({ done: data.id })
  }
}
