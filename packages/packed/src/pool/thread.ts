import { nodeModule } from '../node.js'
import type { Answer, Job, Start } from './job.js'

/** A thread that runs worker.ts. */
export interface Thread {
  readonly post: (message: Start | Job) => void
  /** Whether the program has to wait for it: Node ends when only idle threads are left. */
  readonly hold: (held: boolean) => void
  readonly end: () => void
}

/** Callbacks for the messages of a thread. */
interface Listener {
  readonly onAnswer: (answer: Answer) => void
  /** It cannot be started, or has failed and will answer no more. */
  readonly onFailure: (error: Error) => void
}

type Spawn = (listener: Listener) => Thread

interface NodeWorker {
  on(event: 'message', listener: (answer: Answer) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'exit', listener: (code: number) => void): void
  postMessage(message: Start | Job): void
  terminate(): Promise<number>
  ref(): void
  unref(): void
}

interface WorkerThreads {
  readonly Worker: new (file: URL, options: { readonly execArgv: readonly string[] }) => NodeWorker
}

/** Named apart from `new URL`, so that bundlers for pages do not take it for a file of theirs. */
const workerFile = './worker.js'

const inNode =
  ({ Worker }: WorkerThreads): Spawn =>
  ({ onAnswer, onFailure }) => {
    const worker = new Worker(new URL(workerFile, import.meta.url), { execArgv: [] })
    worker.on('message', onAnswer)
    worker.on('error', onFailure)
    worker.on('exit', code => onFailure(new Error(`a thread of the pool ended with code ${code}`)))
    return {
      post: message => worker.postMessage(message),
      hold: held => (held ? worker.ref() : worker.unref()),
      end: () => void worker.terminate(),
    }
  }

/** In the form that bundlers know. */
const inPage: Spawn = ({ onAnswer, onFailure }) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: { readonly data: Answer }) => onAnswer(data)
  worker.onerror = ({ message }) =>
    onFailure(new Error(`a thread of the pool failed: ${message || 'its script cannot be loaded'}`))
  return { post: message => worker.postMessage(message), hold: () => {}, end: () => worker.terminate() }
}

/** How threads are started here; undefined where there are none, or no memory that they could share. */
export const threadsHere = (): Spawn | undefined => {
  if (typeof SharedArrayBuffer === 'undefined') return undefined
  const node = nodeModule<WorkerThreads>('worker_threads')
  if (node) return inNode(node)
  return typeof Worker === 'undefined' ? undefined : inPage
}

/** As many as the machine has cores; 1 where it does not say. */
export const coreCount = (): number =>
  nodeModule<{ availableParallelism(): number }>('os')?.availableParallelism() ??
  (globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ??
  1
