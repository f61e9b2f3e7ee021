import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Finished, start } from './cli.js'

/**
 * Goes on with a run in a directory, or begins it if there is none yet; sends a signal once an event of `--json` says so.
 * `command` is what begins it, without `--out`; its name may be two words.
 */
export const proceed = (
  command: readonly [name: string, ...settings: string[]],
  directory: string,
  signal: NodeJS.Signals,
  when: (event: string, index: number) => boolean,
): Promise<Finished> => {
  const [name, ...settings] = command
  const resume = existsSync(join(directory, 'config.json')) ? ['--resume'] : settings
  const { child, finished } = start([...name.split(' '), '--out', directory, '--json', ...resume])
  let seen = 0
  let sent = false
  child.stdout!.on('data', (text: string) => {
    for (const event of text.split('\n').filter(line => line !== ''))
      if (!sent && when(event, seen++)) sent = child.kill(signal)
  })
  return finished
}
