import { cellKinds, edges, type Genotype, type Operation } from '@cpnas/supernet'
import { drawCells } from '../draw-cells.js'
import { figure, picture, section } from '../page/elements.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Run } from '../run.js'
import { cellTitles, edgeName } from './edge-names.js'
import type { Indexed } from './indexed.js'

const describe = (operations: readonly Operation[]): string =>
  edges.map((edge, i) => `${edgeName(edge)} ${operations[i]}`).join(', ')

const cellsFigure = async (id: string, names: readonly string[], genotype: Genotype): Promise<Html> =>
  figure({
    id,
    title: `Cells of ${names.join(', ')}`,
    note: 'c with an index: outputs of this cell and of the two before it; 0 to 3: the nodes within.',
    wide: true,
    content: picture(
      {
        svg: await drawCells(genotype),
        alt: `Both cells as graphs. ${cellKinds.map(kind => `${cellTitles[kind]}: ${describe(genotype[kind])}.`).join(' ')}`,
        minWidth: 820,
      },
      id,
    ),
    numbers: {
      label: 'Operations of both cells',
      head: ['edge', ...cellKinds.map(kind => cellTitles[kind])],
      rows: edges.map((edge, i) => [edgeName(edge), ...cellKinds.map(kind => genotype[kind][i]!)]),
      text: true,
    },
  })

/** The cells of every run that has some, each once; undefined if none has. */
export const cells = async (runs: Indexed<Run>): Promise<PageSection | undefined> => {
  const byGenotype = new Map<string, { readonly genotype: Genotype; readonly names: string[] }>()
  for (const { run } of runs) {
    if (run.genotype === undefined) continue
    const key = JSON.stringify([run.genotype.normal, run.genotype.reduce])
    const known = byGenotype.get(key)
    if (known) known.names.push(run.name)
    else byGenotype.set(key, { genotype: run.genotype, names: [run.name] })
  }
  if (byGenotype.size === 0) return undefined
  const figures = await Promise.all(
    [...byGenotype.values()].map(({ genotype, names }, i) => cellsFigure(`cells-${i + 1}`, names, genotype)),
  )
  return section({ id: 'cells', title: 'Cells', content: html`<div class="figures">${figures}</div>` })
}
