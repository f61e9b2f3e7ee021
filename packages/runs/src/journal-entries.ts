/** A process began or resumed a run. */
export interface StartEntry {
  readonly type: 'start'
  /** ISO 8601, UTC. */
  readonly time: string
  /** Entries of the history that there were. */
  readonly entries: number
  /** Versions of the program and of Node.js. */
  readonly cpnas: string
  readonly node: string
  /** Operating system and architecture, e.g. `linux x64`. */
  readonly system: string
  readonly cpu: string
  readonly cores: number
  /** Memory of the machine in bytes. */
  readonly memory: number
  /** The engine and what it computes with, e.g. which GPU. */
  readonly engine: string
  readonly threads: number
}

/** A worker of a queue that did a part of a run. */
export interface WorkedBy {
  readonly host: string
  readonly engine: string
  /** How it rounds, in twelve digits. */
  readonly rounding: string
  readonly threads: number
  /** How long it took. */
  readonly seconds: number
}

/** What processes record about when and where they worked on a run; it does not affect the results. */
export type JournalEntry =
  | StartEntry
  | {
      readonly type: 'saved'
      readonly time: string
      /** Entries of the history that there were now. */
      readonly entries: number
      /** Who did the work, where it was not the process that saved it. */
      readonly by?: WorkedBy
    }
  | { readonly type: 'stopped' | 'finished'; readonly time: string }

/** The work of one process on a run. */
export interface Stretch {
  readonly start: StartEntry
  /** From its start to its last entry; a killed process may have worked longer. */
  readonly seconds: number
  /** Entries of the history that it added. */
  readonly added: number
}

const secondsAt = (time: string): number => Date.parse(time) / 1000

/** The work on a run, process by process. */
export const stretches = (journal: readonly JournalEntry[]): readonly Stretch[] => {
  const starts = journal.flatMap((entry, at) => (entry.type === 'start' ? [{ entry, at }] : []))
  return starts.map(({ entry: start, at }, i) => {
    const work = journal.slice(at, starts[i + 1]?.at)
    const saved = work.findLast(entry => entry.type === 'saved')
    return {
      start,
      seconds: secondsAt(work.at(-1)!.time) - secondsAt(start.time),
      added: (saved?.entries ?? start.entries) - start.entries,
    }
  })
}

/** How long a run was worked on, in seconds; undefined if that is not recorded. */
export const secondsWorked = (journal: readonly JournalEntry[]): number | undefined =>
  journal.length === 0 ? undefined : stretches(journal).reduce((sum, { seconds }) => sum + seconds, 0)

/** When each entry of the history was saved, in seconds since 1970, by its place from 0; what is not recorded is a hole. */
export const savingTimes = (journal: readonly JournalEntry[]): readonly (number | undefined)[] => {
  const times: (number | undefined)[] = []
  for (const entry of journal)
    if (entry.type === 'start' || entry.type === 'saved') {
      // A process that was killed may have left more than was saved: its successor makes these entries anew.
      times.splice(entry.entries)
      while (times.length < entry.entries) times.push(entry.type === 'saved' ? secondsAt(entry.time) : undefined)
    }
  return times
}
