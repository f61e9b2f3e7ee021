import type { Comparison } from '@cpnas/runs'
import { comparisonChart } from '../charts/comparison-chart.js'
import { comparisonTables } from '../comparison-tables.js'
import { figure, picture, section, table } from '../page/elements.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'

/** A comparison of strategies, by the name of its directory. */
export interface NamedComparison extends Comparison {
  readonly name: string
}

const comparisonFigures = (comparison: NamedComparison, index: number): Html => {
  const { name, table: file, operations, rows } = comparison
  const id = `comparison-${index + 1}`
  const chart = figure({
    id,
    title: `${name}: strategies over ${file}`,
    note: `What a search found is so far behind the best architecture made of ${operations.join(', ')}: median and quartiles.`,
    wide: true,
    content: picture(
      {
        svg: comparisonChart(rows),
        alt: `Regret over cost of ${[...new Set(rows.map(row => row.strategy))].join(', ')}.`,
      },
      id,
    ),
  })
  const tables = comparisonTables(comparison).map(({ title, head, rows }, i) =>
    figure({ id: `${id}-table-${i + 1}`, title, wide: true, content: table({ label: title, head, rows }) }),
  )
  return html`${chart}${tables}`
}

/** Strategies over tables of architectures; undefined if there is no comparison. */
export const comparison = (comparisons: readonly NamedComparison[]): PageSection | undefined =>
  comparisons.length === 0
    ? undefined
    : section({
        id: 'comparison',
        title: 'Comparison',
        content: html`<div class="figures">${comparisons.map(comparisonFigures)}</div>`,
      })
