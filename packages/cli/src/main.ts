import { cpnas } from './index.js'

const stop = new AbortController()

/** The first signal stops cleanly, a second one at once. */
const onSignal = (exitCode: number) => () => {
  if (stop.signal.aborted) process.exit(exitCode)
  stop.abort(exitCode)
}
process.on('SIGINT', onSignal(130))
process.on('SIGTERM', onSignal(143))

/** A reader that goes away (`cpnas ... | head`) does not stop a search. */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', error => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  })

process.exitCode = await cpnas(process.argv.slice(2), {
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
  terminal: process.stderr.isTTY ? process.stderr : undefined,
  signal: stop.signal,
})
