import { styleText } from 'node:util'

const stop = new AbortController()

/** The first signal stops cleanly, a second one at once. */
const onSignal = (exitCode: number) => () => {
  if (stop.signal.aborted) process.exit(exitCode)
  stop.abort(exitCode)
}
process.on('SIGHUP', onSignal(129))
process.on('SIGINT', onSignal(130))
process.on('SIGTERM', onSignal(143))

/** The exit code once the standard output has failed; a reader that goes away (`cpnas ... | head`) is no failure. */
let failed: number | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || failed !== undefined) return
  failed = 1
  process.exitCode = failed
  process.stderr.write(
    `cpnas: the standard output cannot be written (${error.message}). Free space on its disk, or send it elsewhere.\n`,
  )
  stop.abort(failed)
})
/** There is nowhere left to say so. */
process.stderr.on('error', () => {})

/** How many files a process may have open; undefined where the system does not say. */
const openFiles = (): number | undefined => {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } }
  }
  const soft = Number(userLimits?.open_files?.soft)
  return Number.isNaN(soft) ? undefined : soft
}

/** Node opens the modules of a command many at a time; one whose package.json it cannot open is not found. */
const tooManyFiles = (error: unknown): boolean => {
  const { code = '' } = error as NodeJS.ErrnoException
  return ['EMFILE', 'ENFILE'].includes(code) || (code === 'ERR_MODULE_NOT_FOUND' && (openFiles() ?? 1024) < 256)
}

/** On a terminal, unless NO_COLOR is set: what went wrong in red, what to do next so that it is found. */
const coloured = (text: string, { isTTY }: NodeJS.WriteStream): string =>
  isTTY && !process.env.NO_COLOR
    ? text
        .replace(/^cpnas:/, word => styleText('red', word))
        .replace(/^Next:/gm, word => styleText(['bold', 'cyan'], word))
    : text

const run = async (): Promise<number> => {
  const [{ printableLines }, { cpnas }] = await Promise.all([import('@cpnas/core'), import('./index.js')])
  return cpnas(process.argv.slice(2), {
    out: text => {
      if (failed === undefined) process.stdout.write(coloured(printableLines(text), process.stdout))
    },
    err: text => {
      if (failed === undefined) process.stderr.write(coloured(printableLines(text), process.stderr))
    },
    columns: process.stdout.columns,
    terminal: process.stderr.isTTY ? process.stderr : undefined,
    signal: stop.signal,
  })
}

try {
  const code = await run()
  process.exitCode = failed ?? code
} catch (error) {
  if (!tooManyFiles(error)) throw error
  process.stderr.write('cpnas: too many files are open. Raise the limit (ulimit -n 1024).\n')
  process.exitCode = 1
}
