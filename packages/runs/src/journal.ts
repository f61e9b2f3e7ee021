import type { CpnasError } from '@cpnas/core'
import { storageFailed, writeFileAtomic } from '@cpnas/core/files'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { JournalEntry, StartEntry, WorkedBy } from './journal-entries.js'
import { machine } from './machine.js'
import { readText } from './read-text.js'

/** An entry without its time, which is now. */
type Happened<E> = E extends JournalEntry ? Omit<E, 'time'> : never

/** Records when and where a process worked on a run. StorageFailed if that fails. */
export interface Journal {
  /** This process begins or resumes the run. */
  readonly start: (work: Pick<StartEntry, 'entries' | 'engine' | 'threads'>) => TE.TaskEither<CpnasError, void>
  /** A snapshot was saved; one that adds nothing to the history is not worth a line. */
  readonly saved: (entries: number, by?: WorkedBy) => TE.TaskEither<CpnasError, void>
  /** Why it ends. */
  readonly end: (type: 'stopped' | 'finished') => TE.TaskEither<CpnasError, void>
}

/**
 * The journal of a run in a file, to which processes of that version of cpnas append. Its content differs even between runs that are
 * otherwise identical.
 */
export const journalAt = (path: string, version: string): Journal => {
  let known = 0
  let written: string | undefined
  /** The file is read once and rewritten atomically each time, so that a crash leaves no partial line. */
  const append = (happened: Happened<JournalEntry>): TE.TaskEither<CpnasError, void> =>
    pipe(
      written === undefined ? readText(path) : TE.right(written),
      TE.mapLeft(error => storageFailed(path, error)),
      TE.flatMap((text = '') => {
        const { type, ...facts } = happened
        written = `${text}${JSON.stringify({ type, time: new Date().toISOString(), ...facts })}\n`
        return writeFileAtomic(path, written)
      }),
    )
  const know = (entries: number) =>
    TE.tapIO<void, void>(() => () => {
      known = entries
    })
  return {
    start: work => pipe(append({ type: 'start', ...machine(version), ...work }), know(work.entries)),
    saved: (entries, by) =>
      entries === known
        ? TE.right(undefined)
        : pipe(append({ type: 'saved', entries, ...(by && { by }) }), know(entries)),
    end: type => append({ type }),
  }
}
