import { searchFiles } from '@cpnas/runs'
import { bestOf, type SampleEntry, type SearchConfig, type SearchState } from '@cpnas/search'
import {
  cellKinds,
  count,
  type DataFacts,
  type Genotype,
  inputNodes,
  type NetworkKind,
  type NetworkSpec,
  type Space,
  specFor,
} from '@cpnas/supernet'
import Table from 'cli-table3'
import { counted } from './amounts.js'
import { duration, percent } from './format.js'

/** Parameters of a network by precision. */
export interface Size {
  readonly binary: number
  readonly float: number
}

/** What a finished search comes to. */
export interface Summary {
  readonly genotype: Genotype
  /**
   * Validation accuracies, 0..1: of CP-NAS the mean over the samples of the last round, architectures one drop away from the
   * genotype; of other strategies those of the genotype itself.
   */
  readonly accuracyChild: number
  readonly accuracyParent: number
  readonly accuraciesOf: 'last round' | 'best sample'
  /** Accuracy of guessing, 1 / classes. */
  readonly chance: number
  readonly samples: number
  readonly child: Size
  readonly parent: Size
  /** Of this run; a resumed one counts from the resumption. */
  readonly seconds: number
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Parameters of the network of a genotype, as Child and as Parent. */
export const networkSizes = (
  spec: NetworkSpec,
  genotype: Genotype,
): { readonly child: Size; readonly parent: Size } => {
  const sizeOf = (kind: NetworkKind): Size => {
    const { binary, float } = count(spec, genotype, kind)
    return { binary: binary.parameters, float: float.parameters }
  }
  return { child: sizeOf('child'), parent: sizeOf('parent') }
}

export const summarize = (
  config: SearchConfig,
  data: DataFacts,
  genotype: Genotype,
  state: SearchState,
  seconds: number,
): Summary => {
  const samples = state.history.filter((entry): entry is SampleEntry => entry.type === 'sample')
  const inRounds = samples.some(({ round }) => round > 1)
  const judged = inRounds ? samples.filter(({ round }) => round === samples.at(-1)?.round) : [bestOf(samples)]
  return {
    genotype,
    accuracyChild: mean(judged.map(entry => entry.accuracyChild)),
    accuracyParent: mean(judged.map(entry => entry.accuracyParent)),
    accuraciesOf: inRounds ? 'last round' : 'best sample',
    chance: 1 / data.classNames.length,
    samples: samples.length,
    ...networkSizes(specFor(config, data), genotype),
    seconds,
  }
}

const nodeName = (node: number): string =>
  node < inputNodes ? `c_{k-${inputNodes - node}}` : String(node - inputNodes)

/** The operations of both cells, edge by edge. */
export const genotypeTable = (genotype: Genotype, { edges }: Pick<Space, 'edges'>): string => {
  const table = new Table({ head: ['edge', ...cellKinds], style: { head: [], border: [], compact: true } })
  edges.forEach(({ from, to }, i) => {
    table.push([`${nodeName(from)} -> ${nodeName(to)}`, ...cellKinds.map(kind => genotype[kind][i]!)])
  })
  return table.toString()
}

const thousands = (n: number): string => n.toLocaleString('en-US')

const kilobytes = ({ binary, float }: Size): string => `${((binary / 8 + float * 4) / 1000).toFixed(1)} kB`

export const sizeLine = (name: string, size: Size): string =>
  `${name}: ${thousands(size.binary)} parameters of 1 bit, ${thousands(size.float)} of 32 bits (${kilobytes(size)})`

/** Parameters of Child and Parent, a line each. */
export const sizeLines = (child: Size, parent: Size): string =>
  `${sizeLine('Child ', child)}\n${sizeLine('Parent', parent)}`

/** For people, at the end of a search. */
export const printSummary = (summary: Summary, space: Space, directory: string): string =>
  [
    genotypeTable(summary.genotype, space),
    `Validation accuracy, ${summary.accuraciesOf === 'last round' ? 'mean of the last round' : 'best sample'}: Child ${percent(summary.accuracyChild)}, Parent ${percent(summary.accuracyParent)} (chance ${percent(summary.chance)})`,
    sizeLines(summary.child, summary.parent),
    `${counted(summary.samples, 'architecture')}, ${duration(summary.seconds)}`,
    `Files in ${directory}: ${Object.values(searchFiles).join(', ')}`,
    '',
  ].join('\n')
