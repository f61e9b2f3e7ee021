import { Worker } from 'node:worker_threads'

/** Milliseconds between two heartbeats. */
export const period = 2000

/** The time of the file is the sign. A thread of its own: the main one computes for seconds without looking up. */
const script = `
const { utimes } = require('node:fs')
const { workerData } = require('node:worker_threads')
setInterval(() => utimes(workerData.path, new Date(), new Date(), () => {}), workerData.period)
`

/** Sends heartbeats until it is stopped or the process ends. */
export const beat = (path: string): (() => Promise<unknown>) => {
  const worker = new Worker(script, { eval: true, workerData: { path, period }, execArgv: [] })
  worker.unref()
  // The lock works on this machine even without it.
  worker.on('error', () => {})
  return () => worker.terminate()
}
