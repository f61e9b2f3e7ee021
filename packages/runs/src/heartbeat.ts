import { Worker } from 'node:worker_threads'

/** Milliseconds between two signs of life. */
export const period = 2000

/** The time of the file is the sign. A thread of its own: the main one computes for seconds without looking up. */
const script = `
const { utimes } = require('node:fs')
const { workerData } = require('node:worker_threads')
setInterval(() => utimes(workerData.path, new Date(), new Date(), () => {}), workerData.period)
`

/** Gives signs of life until it is stopped or the process ends. */
export const beat = (path: string): (() => Promise<unknown>) => {
  const worker = new Worker(script, { eval: true, workerData: { path, period }, execArgv: [] })
  worker.unref()
  // Without it the lock holds on this machine all the same.
  worker.on('error', () => {})
  return () => worker.terminate()
}
