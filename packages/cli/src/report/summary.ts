import type { FrontPoint, SearchOutcome, SearchSummary, Size } from '@cpnas/experiments'
import { frontFiles, searchFiles } from '@cpnas/runs'
import { cellKinds, type Genotype, inputNodes, type Space } from '@cpnas/supernet'
import { counted, shellWord, thousands } from './amounts.js'
import { duration, percent } from './format.js'
import { type Block, type Grid, grid } from './layout.js'

const nodeName = (node: number): string =>
  node < inputNodes ? `c_{k-${inputNodes - node}}` : String(node - inputNodes)

/** The operations of both cells, edge by edge. */
export const genotypeTable = (genotype: Genotype, { edges }: Pick<Space, 'edges'>): Grid =>
  grid(
    ['edge', ...cellKinds],
    edges.map(({ from, to }, i) => [
      `${nodeName(from)} -> ${nodeName(to)}`,
      ...cellKinds.map(kind => genotype[kind][i]!),
    ]),
  )

const kilobytes = ({ binary, float }: Size): string => `${((binary / 8 + float * 4) / 1000).toFixed(1)} kB`

export const sizeLine = (name: string, size: Size): string =>
  `${name}: ${thousands(size.binary)} parameters of 1 bit, ${thousands(size.float)} of 32 bits (${kilobytes(size)})`

/** Parameters of Child and Parent, a line each. */
export const sizeLines = (child: Size, parent: Size): string =>
  `${sizeLine('Child ', child)}\n${sizeLine('Parent', parent)}`

/** What can be had for which time. */
const frontTable = (front: readonly FrontPoint[]): Grid =>
  grid(
    ['front: ms an image, packed', 'kB', 'Child, validation'],
    front.map(({ milliseconds, kilobytes, accuracyChild }) => [
      milliseconds.toFixed(3),
      kilobytes.toFixed(1),
      percent(accuracyChild),
    ]),
    0,
  )

/** What the accuracies of a summary are of, in words. */
const judged = {
  'last round': 'mean of the last round',
  'last epoch': 'all operations together after the last epoch',
  'found sample': 'found sample',
} as const

/** For people, at the end of a search. */
export const printSummary = (
  summary: SearchSummary & Pick<SearchOutcome, 'front' | 'cost'>,
  space: Space,
  directory: string,
): readonly Block[] => [
  genotypeTable(summary.genotype, space),
  `Validation accuracy, ${judged[summary.accuraciesOf]}: Child ${percent(summary.accuracyChild)}${summary.accuracyParent === undefined ? '' : `, Parent ${percent(summary.accuracyParent)}`} (chance ${percent(summary.chance)})`,
  sizeLines(summary.child, summary.parent),
  ...(summary.cost === undefined
    ? []
    : [
        `Packed: ${summary.cost.kilobytes.toFixed(1)} kB, ${summary.cost.milliseconds.toFixed(3)} ms an image on one thread here`,
      ]),
  ...(summary.front === undefined ? [] : [frontTable(summary.front)]),
  `${counted(summary.samples, summary.accuraciesOf === 'last epoch' ? 'epoch' : 'architecture')}, ${duration(summary.seconds)}`,
  `Files in ${directory}: ${[...Object.values(searchFiles), ...(summary.front === undefined ? [] : Object.values(frontFiles))].join(', ')}`,
  `Next: cpnas train --genotype ${shellWord(directory)}`,
]
