import type { ModelSummary, Weight } from '@cpnas/model'
import type { Run } from '@cpnas/runs'
import { details, section, table } from '../page/elements.js'
import { count, kilobytes } from '../page/format.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Indexed } from './indexed.js'

const weightCells = ({ binaryWeights, floatWeights, binaryMacs, floatMacs, bytes }: Weight): readonly string[] =>
  [binaryWeights, floatWeights, binaryMacs, floatMacs, bytes].map(n => (n === 0 ? '0' : count(n)))

const heads = ['1-bit weights', '32-bit weights', '1-bit MACs', '32-bit MACs', 'bytes'] as const

const layerTable = (name: string, summary: ModelSummary): Html =>
  table({
    label: `${name}: layers`,
    head: ['layer', 'shape', ...heads, 'in 32 bits because'],
    rows: [
      ...summary.rows.map(row => [
        row.name,
        row.shape.join(' × '),
        ...weightCells(row),
        row.reason === undefined ? '' : row.reason,
      ]),
      ['total', '', ...weightCells(summary.total), ''],
      ['Parent, total', '', ...weightCells(summary.parent), ''],
    ],
  })

/** The networks layer by layer, as `cpnas summary` has them; undefined if none is known. */
export const layers = (runs: Indexed<Run>): PageSection | undefined => {
  const known = runs.flatMap(({ run: { name, summary }, index }) =>
    summary === undefined ? [] : [{ name, summary, index }],
  )
  return known.length === 0
    ? undefined
    : section({
        id: 'layers',
        title: 'Network',
        content: html`<p>Of a search: the Child of what it found, as large as its supernet. Bytes are those of a model file; a
multiply-accumulate (MAC) is counted for one image.</p>
${table({
  label: 'Networks',
  head: ['run', 'network', ...heads, 'Parent', 'Parent / this'],
  rows: known.map(({ name, summary }) => [
    name,
    summary.kind === 'child' ? 'Child' : 'Parent',
    ...weightCells(summary.total),
    kilobytes(summary.parent.bytes),
    `${summary.compression.toFixed(1)} ×`,
  ]),
})}
${known.map(({ name, summary, index }) => details(`layers-${index + 1}`, `Layers of ${name}`, layerTable(name, summary)))}`,
      })
}
