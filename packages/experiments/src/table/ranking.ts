import type { SampleEntry } from '@cpnas/search'
import { lookUp, type Table, type TableEntry } from '@cpnas/table'
import { mean } from 'simple-statistics'
import { kendallTau } from '../statistics.js'
import { meanTest } from './figures.js'

/** How alike two orders are: Kendall's tau over all pairs, and over the pairs of equal multiply-accumulates. */
export interface Agreement {
  readonly all: number
  /** Undefined where no two architectures have the same. */
  readonly within: number | undefined
}

/** How well the accuracies and the losses of a search rank architectures, by what a table knows of them. */
export interface Ranking {
  /** Architectures of the search that the table has; each counts once, with the mean of its samples. */
  readonly architectures: number
  readonly child: Agreement
  /** By the Child's cross-entropy on the validation images, the lowest first. */
  readonly childLoss: Agreement
  /** Undefined where the search trained no Parents. */
  readonly parent: Agreement | undefined
  /** Of z = beta_P * A_P + (1 - beta_P) * A_C, by beta_P. */
  readonly z: readonly { readonly betaP: number; readonly agreement: Agreement }[]
  /** Of the number of multiply-accumulates, which costs nothing. */
  readonly macs: Agreement
}

const betas = [0, 0.25, 0.5, 0.75, 1, 1.5, 2] as const

const agreement = (values: readonly number[], final: readonly number[], macs: readonly number[]): Agreement => {
  const signs: number[] = []
  for (let i = 0; i < values.length; i++)
    for (let j = 0; j < i; j++)
      if (macs[i] === macs[j]) signs.push(Math.sign((values[i]! - values[j]!) * (final[i]! - final[j]!)))
  return { all: kendallTau(values, final), within: signs.length === 0 ? undefined : mean(signs) }
}

/** A sampled architecture, the means of its accuracies and losses, and what the table knows of it. */
interface Judged {
  readonly entry: TableEntry
  readonly child: number
  readonly childLoss: number
  readonly parent: number | undefined
}

const judgedBy = (table: Table, samples: readonly SampleEntry[]): readonly Judged[] => {
  const found = new Map<TableEntry, SampleEntry[]>()
  for (const sample of samples) {
    const entry = lookUp(table, sample.architecture.normal)
    if (entry !== undefined) found.set(entry, [...(found.get(entry) ?? []), sample])
  }
  return [...found].map(([entry, of]) => {
    const parents = of.flatMap(({ accuracyParent }) => accuracyParent ?? [])
    return {
      entry,
      child: mean(of.map(({ accuracyChild }) => accuracyChild)),
      childLoss: mean(of.map(({ validationLossChild }) => validationLossChild)),
      parent: parents.length === of.length ? mean(parents) : undefined,
    }
  })
}

/** The ranking of a search's samples; undefined if the table has fewer than two of its architectures. */
export const rankingOf = (table: Table, samples: readonly SampleEntry[]): Ranking | undefined => {
  const judged = judgedBy(table, samples)
  if (judged.length < 2) return undefined
  const final = judged.map(({ entry }) => meanTest(entry.child))
  const macs = judged.map(({ entry }) => entry.binaryMacs + entry.floatMacs)
  const of = (value: (one: Judged) => number): Agreement => agreement(judged.map(value), final, macs)
  const hasParents = judged.every(({ parent }) => parent !== undefined)
  return {
    architectures: judged.length,
    child: of(({ child }) => child),
    childLoss: of(({ childLoss }) => -childLoss),
    parent: hasParents ? of(({ parent }) => parent!) : undefined,
    z: hasParents
      ? betas.map(betaP => ({ betaP, agreement: of(({ child, parent }) => betaP * parent! + (1 - betaP) * child) }))
      : [],
    macs: of(({ entry }) => entry.binaryMacs + entry.floatMacs),
  }
}
