import { fileURLToPath } from 'node:url'
import type { Piscina } from 'piscina'
import type { Done, Job } from './worker.js'

/** Worker threads that several data sets share. */
export interface Pool {
  readonly run: (job: Job) => Promise<Done>
  /** Each user calls this once; after the last call the threads end. */
  readonly release: () => void
}

/**
 * Threads that begin with the first job. A thread is given all jobs that may be in progress, so that it continues while the main thread is
 * busy; idle threads do not keep the process alive.
 */
export const workerPool = (workers: number, prefetch: number, users: number): Pool => {
  let pool: Promise<Piscina<Job, Done>> | undefined
  let left = users
  const start = async (): Promise<Piscina<Job, Done>> => {
    const { Piscina } = await import('piscina')
    return new Piscina<Job, Done>({
      filename: fileURLToPath(new URL('./entry.cjs', import.meta.url)),
      name: 'run',
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: Math.ceil((2 * (prefetch + 1)) / workers),
      atomics: 'disabled',
    })
  }
  return {
    run: async job => {
      if (left === 0) throw new RangeError('images are asked for after their data set was closed')
      pool ??= start()
      return (await pool).run(job)
    },
    release: () => {
      left -= 1
      if (left > 0) return
      void pool?.then(started => {
        // Jobs that nothing awaits any more may still answer, which Piscina treats as an error.
        started.on('error', () => {})
        return started.destroy()
      })
    },
  }
}
