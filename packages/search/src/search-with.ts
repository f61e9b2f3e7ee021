import { catchDeviceError } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Evaluator } from './evaluator.js'
import { doneIn, fractionDone, reporter } from './progress.js'
import type { Strategy } from './strategy.js'
import type { HistoryEntry, Position, SearchEvent, SearchOptions, SearchResult } from './types.js'

/**
 * Searches with any strategy and any evaluator: proposal after proposal, until the strategy has none. After each the snapshot is saved and
 * its entries are emitted; resuming from it gives what an uninterrupted run gives.
 *
 * Errors: those of the evaluator, InvalidCheckpoint (a snapshot that does not fit it), what `save` fails with.
 */
export const searchWith = <W>(
  strategy: Strategy,
  evaluator: Evaluator<W>,
  { snapshot, save, emit = () => {} }: Omit<SearchOptions, 'signal'> = {},
): TaskEither<CpnasError, SearchResult> =>
  catchDeviceError<SearchResult>(async () => {
    const begin = snapshot?.state ?? strategy.initial
    const begun = evaluator.begin(strategy.remaining(begin), snapshot?.tensors)
    if (begun._tag === 'Left') return begun
    const { result, weights } = await run(strategy, evaluator, begin, begun.right, save, emit)
    evaluator.dispose(weights)
    return result
  })

type Run<W> = { readonly weights: W; readonly result: Either<CpnasError, SearchResult> }

/** Proposals that may be worked on at the same time. */
const foreseen = 1024

/** Consumes the weights and returns their replacements. */
const run = async <W>(
  strategy: Strategy,
  evaluator: Evaluator<W>,
  begin: Strategy['initial'],
  beginWeights: W,
  save: SearchOptions['save'],
  emit: (event: SearchEvent) => void,
): Promise<Run<W>> => {
  const { cost } = evaluator
  const { length } = strategy
  let state = begin
  let weights = beginWeights
  for (;;) {
    const proposals = strategy.ask(state, evaluator.foresee ? foreseen : 1)
    const [proposal] = proposals
    if (proposal === undefined) break
    const done = doneIn(state)
    evaluator.foresee?.(weights, proposals, done)
    const report = reporter(cost, length, state, proposal.position, emit)
    const evaluated = await evaluator.evaluate(weights, proposal, done, report)
    weights = evaluated.weights
    if (evaluated.observation._tag === 'Left') {
      const { left: reason } = evaluated.observation
      return { weights, result: reason === 'stopped' ? right({ status: 'stopped', state }) : left(reason) }
    }
    const next = strategy.tell(state, [evaluated.observation.right])
    const remaining = strategy.remaining(next)
    if (remaining !== strategy.remaining(state)) weights = evaluator.prune(weights, remaining)
    if (save) {
      const saved = await save({ state: next, tensors: await evaluator.store(weights) })()
      if (saved._tag === 'Left') return { weights, result: saved }
    }
    for (const entry of next.history.slice(state.history.length))
      emit(eventOf(entry, fractionDone(cost, length, next), proposal.position))
    state = next
  }
  const genotype = strategy.result(state)
  emit({ type: 'done', fraction: 1, genotype })
  return { weights, result: right({ status: 'finished', genotype, state }) }
}

const eventOf = (entry: HistoryEntry, fraction: number, position: Position): SearchEvent => {
  switch (entry.type) {
    case 'warmup':
      return { type: 'warmup', fraction, entry }
    case 'sample':
      return { type: 'sample', fraction, entry, position }
    case 'drop':
      return { type: 'drop', fraction, entry }
  }
}
