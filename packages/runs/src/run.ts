import type { Metrics, ModelSummary } from '@cpnas/model'
import type { HistoryEntry, SearchConfig } from '@cpnas/search'
import type { Genotype } from '@cpnas/supernet'
import type { EpochEntry, TrainingConfig } from '@cpnas/training'
import type { JournalEntry } from './journal-entries.js'
import type { WorkerNow } from './workers.js'

/** The facts of any run, read from its files. */
interface RunFacts {
  /** What it is called in legends and tables; no two runs of a report have the same. */
  readonly name: string
  readonly directory: string
  /** `running`: a process works on it; `stopped`: none does, and it is not finished. */
  readonly state: 'running' | 'stopped' | 'finished'
  readonly dataset: string
  /** Directory of the data files; null for the embedded images. */
  readonly data: string | null
  /** Height and width that the images of a folder were brought to. */
  readonly imageSize?: number
  /** Of the data set, where it is known: accuracy of guessing is 1 over it. */
  readonly classes?: number
  /** The engine that worked on it last, and its threads. */
  readonly backend: string
  readonly threads: number
  /** When and where it was worked on; empty where that was not recorded. */
  readonly journal: readonly JournalEntry[]
  /** The workers of a queue that can work for it now; absent where it is not running, or works by itself. */
  readonly workers?: readonly WorkerNow[]
  /** Layer by layer, where the network is known: of a finished search the Child of what it found. */
  readonly summary?: ModelSummary
}

/** A search, read from its files. */
export interface SearchRun extends RunFacts {
  readonly kind: 'search'
  readonly config: SearchConfig
  readonly history: readonly HistoryEntry[]
  /** The genotype that a finished search found. */
  readonly genotype?: Genotype
}

/** On the test set: the network of the best epoch and of the last one. */
export interface Evaluation {
  readonly best: Metrics
  readonly last: Metrics
}

/** A training, read from its files. */
export interface TrainingRun extends RunFacts {
  readonly kind: 'training'
  readonly config: TrainingConfig
  readonly genotype: Genotype
  /** The run whose weights it began with; the Parent that it learned from. Null: none. */
  readonly initFrom: string | null
  readonly teacher: string | null
  readonly history: readonly EpochEntry[]
  /** Of a finished training. */
  readonly evaluation?: Evaluation
  /** Length of the packed file of the Child that it has left. */
  readonly packedBytes?: number
}

/** A run as data: all that a report shows of it. */
export type Run = SearchRun | TrainingRun
