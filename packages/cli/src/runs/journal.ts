import type { CpnasError } from '@cpnas/backends'
import type { JournalEntry, StartEntry } from '@cpnas/report'
import { storageFailed, writeFileAtomic } from '@cpnas/training'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { machine } from './machine.js'
import { readText } from './read-text.js'

/** An entry without its time, which is now. */
type Happened<E> = E extends JournalEntry ? Omit<E, 'time'> : never

const append = (path: string, happened: Happened<JournalEntry>): TE.TaskEither<CpnasError, void> =>
  pipe(
    readText(path),
    TE.mapLeft(error => storageFailed(path, error)),
    TE.flatMap((text = '') => {
      const { type, ...facts } = happened
      return writeFileAtomic(path, `${text}${JSON.stringify({ type, time: new Date().toISOString(), ...facts })}\n`)
    }),
  )

/** What a process writes down of its work on a run: when and where. StorageFailed: it cannot. */
export interface Journal {
  readonly start: (work: Pick<StartEntry, 'entries' | 'engine' | 'threads'>) => TE.TaskEither<CpnasError, void>
  /** A snapshot was saved; one that adds nothing to the history is not worth a line. */
  readonly saved: (entries: number) => TE.TaskEither<CpnasError, void>
  readonly end: (type: 'stopped' | 'finished') => TE.TaskEither<CpnasError, void>
}

/** The journal of a run in a file, to which processes append. What it tells differs between runs that are alike otherwise. */
export const journalAt = (path: string): Journal => {
  let known = 0
  const know = (entries: number) =>
    TE.tapIO<void, void>(() => () => {
      known = entries
    })
  return {
    start: work => pipe(append(path, { type: 'start', ...machine(), ...work }), know(work.entries)),
    saved: entries =>
      entries === known ? TE.right(undefined) : pipe(append(path, { type: 'saved', entries }), know(entries)),
    end: type => append(path, { type }),
  }
}
