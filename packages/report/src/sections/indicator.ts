import type { SearchRun } from '@cpnas/runs'
import { type DropEntry, type EdgeIndicator, operationsOf } from '@cpnas/search'
import { type CellKind, cellKinds, type Edge, spaceOf } from '@cpnas/supernet'
import { type Cell, cellChart } from '../charts/cell-chart.js'
import { figure, picture, section, type Table } from '../page/elements.js'
import { decimal, plural } from '../page/format.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import { cellTitles, edgeName } from './edge-names.js'
import type { Indexed } from './indexed.js'

/** How far an indicator is above (or below) an equal share for all operations of its edge: 0.1 for a tenth above. */
const excess = (indicator: EdgeIndicator, i: number): number => indicator.e[i]! * indicator.operations.length - 1

const drops = ({ history }: SearchRun): readonly DropEntry[] => history.filter(entry => entry.type === 'drop')

/** The largest distance from an equal share in a round, of both cells: what is coloured most. */
const reach = (drop: DropEntry): number =>
  Math.max(
    1e-9,
    ...cellKinds.flatMap(kind => drop[kind].flatMap(edge => edge.operations.map((_, i) => Math.abs(excess(edge, i))))),
  )

const roundCells = (indicators: readonly EdgeIndicator[], operations: readonly string[], most: number): Cell[] =>
  indicators.flatMap((edge, row) =>
    edge.operations.map((operation, i) => ({
      column: operations.indexOf(operation),
      row,
      strength: excess(edge, i) / most,
      ...(operation === edge.dropped ? { text: '×', framed: true } : {}),
    })),
  )

const edgesOf = ({ config }: SearchRun): readonly Edge[] => spaceOf(config).edges

const describe = (edges: readonly Edge[], indicators: readonly EdgeIndicator[]): string =>
  edges.map((edge, i) => `${edgeName(edge)} drops ${indicators[i]!.dropped}`).join(', ')

const roundPicture = (id: string, run: SearchRun, kind: CellKind, drop: DropEntry): Html => html`
<div class="panel"><h4>Round ${drop.round}</h4>${picture(
  {
    svg: cellChart({
      columns: operationsOf(run.config),
      rows: edgesOf(run).map(edgeName),
      cells: roundCells(drop[kind], operationsOf(run.config), reach(drop)),
      cell: { width: 22, height: 19 },
      left: 58,
      bottom: 86,
    }),
    alt: `${cellTitles[kind]}, round ${drop.round}: indicator of every operation by edge. ${describe(edgesOf(run), drop[kind])}.`,
  },
  id,
)}</div>`

const numbers = (run: SearchRun, kind: CellKind): readonly Table[] => {
  const operations = operationsOf(run.config)
  return drops(run).map(drop => ({
    label: `${cellTitles[kind]}, round ${drop.round}: z̄ and e`,
    head: [`Round ${drop.round}: z̄ and e`, ...operations, 'dropped'],
    rows: drop[kind].map((edge, row) => [
      edgeName(edgesOf(run)[row]!),
      ...operations.map(operation => {
        const i = edge.operations.indexOf(operation)
        return i < 0 ? '' : html`${decimal(edge.zbar[i]!)}<br>${decimal(edge.e[i]!)}`
      }),
      edge.dropped,
    ]),
  }))
}

const cellFigure = (run: SearchRun, index: number, kind: CellKind): Html => {
  const id = `indicator-${index + 1}-${kind}`
  return figure({
    id,
    title: `${run.name}: indicator of the ${cellTitles[kind].toLowerCase()}`,
    wide: true,
    content: html`<div class="panels">${drops(run).map(drop => roundPicture(`${id}-${drop.round}`, run, kind, drop))}</div>`,
    numbers: numbers(run, kind),
    note: html`e of each operation against an equal share on its edge: <span class="key above"></span> above, <span class="key below"></span>
below, the stronger the farther, the farthest of a round in full. Framed ×: dropped at the end of the round. Empty: dropped before.`,
  })
}

/** Heat maps of every round of every search; undefined before the first drop. */
export const indicator = (runs: Indexed<SearchRun>): PageSection | undefined => {
  const dropped = runs.filter(({ run }) => drops(run).length > 0)
  return dropped.length === 0
    ? undefined
    : section({
        id: 'indicator',
        title: 'Indicator',
        content: dropped.map(
          ({ run, index }) => html`<h3>${run.name}: ${plural(drops(run).length, 'round')}</h3>
<div class="figures">${cellKinds.map(kind => cellFigure(run, index, kind))}</div>`,
        ),
      })
}
