import { type CpnasError, cpnasError, isRecord } from '@cpnas/core'
import type { HistoryEntry } from '@cpnas/search'
import { spaces, validateGenotype } from '@cpnas/supernet'
import type { EpochEntry } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import type { Comparison } from './formats/comparison.js'
import type { JournalEntry } from './journal-entries.js'
import type { Evaluation } from './run.js'

/** Says what is wrong with a value; undefined: nothing. */
type Check = (value: unknown) => string | undefined

const number: Check = value => (Number.isFinite(value) ? undefined : 'is no number')
const share: Check = value => (value === null ? undefined : number(value))
const text: Check = value => (typeof value === 'string' ? undefined : 'is no text')
const time: Check = value => text(value) ?? (Number.isNaN(Date.parse(value as string)) ? 'is no time' : undefined)
const count: Check = value => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'is no count')
const flag: Check = value => (typeof value === 'boolean' ? undefined : 'is neither true nor false')
const operationNames = new Set<unknown>(spaces.flatMap(({ operations }) => operations.map(({ name }) => name)))
const operation: Check = value => (operationNames.has(value) ? undefined : 'is no operation')
const optional =
  (check: Check): Check =>
  value =>
    value === undefined ? undefined : check(value)

const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  value => {
    if (!isRecord(value)) return 'is no object'
    for (const [name, check] of Object.entries(checks)) {
      const problem = check(value[name])
      if (problem !== undefined) return `"${name}"${problem.startsWith('"') ? ':' : ''} ${problem}`
    }
    return undefined
  }

const list =
  (check: Check, length?: number): Check =>
  value => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length))
      return length === undefined ? 'is no list' : `is no list of ${length}`
    return value.map(check).find(problem => problem !== undefined)
  }

/** The second is asked only where the first finds nothing. */
const both =
  (first: Check, second: Check): Check =>
  value =>
    first(value) ?? second(value)

const architecture: Check = value =>
  isRecord(value) && spaces.some(({ name, nodes }) => E.isRight(validateGenotype({ ...value, space: name, nodes })))
    ? undefined
    : 'is no architecture'

const parallel: Check = value => {
  const { operations, zbar, e, dropped } = value as { [name: string]: readonly unknown[] }
  return operations!.length === zbar!.length && zbar!.length === e!.length && operations!.includes(dropped)
    ? undefined
    : 'has lists of different lengths'
}

const indicators = list(
  both(record({ operations: list(operation), zbar: list(number), e: list(number), dropped: operation }), parallel),
)

const edgeCounts = spaces.map(({ edges }) => edges.length)

const everyEdge: Check = value => {
  const { normal, reduce } = value as { readonly [kind: string]: readonly unknown[] }
  return edgeCounts.some(count => normal!.length === count && reduce!.length === count)
    ? undefined
    : `has ${normal!.length} and ${reduce!.length} edges, not those of a cell`
}

const losses = { lossChild: optional(number), lossParent: optional(number) }

const searchEntries: Readonly<Record<HistoryEntry['type'], Check>> = {
  warmup: record({ epoch: number, architecture, ...losses }),
  sample: record({
    round: number,
    pass: number,
    sample: number,
    architecture,
    epochs: optional(number),
    accuracyParent: optional(number),
    accuracyChild: number,
    z: number,
    ...losses,
    validationLossChild: number,
    validationLossParent: optional(number),
  }),
  drop: both(record({ round: number, normal: indicators, reduce: indicators }), everyEdge),
}

const trainingEntries: Readonly<Record<EpochEntry['type'], Check>> = {
  epoch: record({
    stage: number,
    epoch: number,
    learningRate: number,
    loss: number,
    terms: record({
      crossEntropy: number,
      filter: optional(number),
      compactness: optional(number),
      auxiliary: optional(number),
      distillation: optional(number),
    }),
    accuracyTraining: number,
    accuracyValidation: optional(number),
    lossValidation: optional(number),
    best: flag,
  }),
}

const journalEntries: Readonly<Record<JournalEntry['type'], Check>> = {
  start: record({
    time,
    entries: count,
    cpnas: text,
    node: text,
    system: text,
    cpu: text,
    cores: number,
    memory: number,
    engine: text,
    threads: number,
  }),
  saved: record({
    time,
    entries: count,
    by: optional(record({ host: text, engine: text, rounding: text, threads: number, seconds: number })),
  }),
  stopped: record({ time }),
  finished: record({ time }),
}

const metrics = record({
  images: number,
  top1: number,
  top5: number,
  loss: number,
  classes: list(record({ name: text, count: number, predicted: number, precision: share, recall: share, f1: share })),
  confusion: list(list(number)),
  calibration: record({
    meanConfidence: number,
    error: number,
    bins: list(record({ lower: number, upper: number, count: number, accuracy: share, confidence: share })),
  }),
})

const square: Check = value => {
  const { classes, confusion } = value as { classes: readonly unknown[]; confusion: readonly (readonly unknown[])[] }
  return [confusion, ...confusion].every(({ length }) => length === classes.length)
    ? undefined
    : 'has a confusion matrix that does not fit its classes'
}

type Damage = (where: string, problem: string) => CpnasError

const damaged: Damage = (where, problem) =>
  cpnasError('InvalidCheckpoint', where, problem, 'Restore the file from a copy, or resume the run')

const damagedJournal: Damage = (where, problem) =>
  cpnasError(
    'InvalidCheckpoint',
    where,
    problem,
    'Remove the file: nothing is lost but when and where the run was made',
  )

const parseJson = (text: string, where: string, damage = damaged): E.Either<CpnasError, unknown> =>
  E.tryCatch(
    (): unknown => JSON.parse(text),
    () => damage(where, 'is not JSON'),
  )

const parseLines = <A>(
  text: string,
  path: string,
  entries: Readonly<Record<string, Check>>,
  damage = damaged,
): E.Either<CpnasError, readonly A[]> => {
  const parsed: A[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const where = `${path}, line ${i + 1}`
    const value = parseJson(line, where, damage)
    if (E.isLeft(value)) return value
    const type = isRecord(value.right) ? value.right.type : undefined
    const check = typeof type === 'string' && Object.hasOwn(entries, type) ? entries[type] : undefined
    const problem = check === undefined ? `is none of ${Object.keys(entries).join(', ')}` : check(value.right)
    if (problem !== undefined) return E.left(damage(where, problem))
    parsed.push(value.right as A)
  }
  return E.right(parsed)
}

/** The history.jsonl of a search. InvalidCheckpoint names the line that is none. */
export const parseSearchHistory = (text: string, path: string): E.Either<CpnasError, readonly HistoryEntry[]> =>
  parseLines(text, path, searchEntries)

/** The history.jsonl of a training. InvalidCheckpoint names the line that is none. */
export const parseTrainingHistory = (text: string, path: string): E.Either<CpnasError, readonly EpochEntry[]> =>
  parseLines(text, path, trainingEntries)

/** The journal.jsonl of a run. InvalidCheckpoint names the line that is none. */
export const parseJournal = (text: string, path: string): E.Either<CpnasError, readonly JournalEntry[]> =>
  parseLines(text, path, journalEntries, damagedJournal)

/** The evaluation.json of a finished training. InvalidCheckpoint says what of it is missing. */
export const parseEvaluation = (text: string, path: string): E.Either<CpnasError, Evaluation> => {
  const value = parseJson(text, path)
  if (E.isLeft(value)) return value
  const problem = record({ best: both(metrics, square), last: both(metrics, square) })(value.right)
  return problem === undefined ? E.right(value.right as Evaluation) : E.left(damaged(path, problem))
}

const comparison = record({
  table: text,
  operations: list(text),
  replays: count,
  against: text,
  rows: list(
    record({
      strategy: text,
      budget: count,
      cost: number,
      median: number,
      quartiles: list(number, 2),
      mean: number,
      tau: optional(number),
      difference: optional(record({ mean: number, error: number, p: number })),
      onImages: optional(record({ searches: count, coreSeconds: number })),
    }),
  ),
})

/** The content of a compare.json. InvalidData. */
export const parseComparison = (text: string, path: string): E.Either<CpnasError, Comparison> => {
  const invalid = (problem: string) => cpnasError('InvalidData', path, problem, 'Write it anew: cpnas compare')
  const json = E.tryCatch((): unknown => JSON.parse(text), E.toError)
  if (E.isLeft(json)) return E.left(invalid(`is damaged (${json.left.message})`))
  const problem = comparison(json.right)
  return problem === undefined ? E.right(json.right as Comparison) : E.left(invalid(problem))
}
