import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cpnas } from '@cpnas/cli'
import { printableLines } from '@cpnas/core'

/** What a user starts: the package's own executable. */
export const executable = fileURLToPath(new URL('../node_modules/@cpnas/cli/bin/cpnas.js', import.meta.url))

export interface Finished {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

export const watch = (child: ChildProcess): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const output = { out: '', err: '' }
    child.stdout?.setEncoding('utf8').on('data', text => {
      output.out += text
    })
    child.stderr?.setEncoding('utf8').on('data', text => {
      output.err += text
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, ...output }))
  })

/** Starts `cpnas` with arguments, in the environment of the tests and what is added to it. */
export const start = (args: readonly string[], cwd?: string, environment: NodeJS.ProcessEnv = {}): Running => {
  const child = spawn(process.execPath, [executable, ...args], {
    env: { ...process.env, ...environment },
    ...(cwd === undefined ? {} : { cwd }),
  })
  return { child, finished: watch(child) }
}

/** Runs `cpnas` with arguments to its end, in a process of its own. */
export const runProcess = (args: readonly string[], cwd?: string): Promise<Finished> => start(args, cwd).finished

/**
 * Runs `cpnas` with arguments to its end, in this process: what main.ts does but for signals and streams that fail. Most of a short
 * command's time is to load its modules, which is done once here. A working directory is that of the whole process meanwhile.
 */
export const run = async (args: readonly string[], cwd?: string): Promise<Finished> => {
  const output = { out: '', err: '' }
  const before = process.cwd()
  if (cwd !== undefined) process.chdir(cwd)
  try {
    const code = await cpnas(args, {
      out: text => {
        output.out += printableLines(text)
      },
      err: text => {
        output.err += printableLines(text)
      },
      terminal: undefined,
      signal: new AbortController().signal,
    })
    return { code, ...output }
  } finally {
    if (cwd !== undefined) process.chdir(before)
  }
}
