import type { Run } from '@cpnas/runs'
import { cellKinds, type Genotype, type Space, spaceOf } from '@cpnas/supernet'
import { drawCells } from '../draw-cells.js'
import { figure, picture, section } from '../page/elements.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import { cellTitles, edgeName } from './edge-names.js'
import type { Indexed } from './indexed.js'

const describe = ({ edges }: Space, operations: readonly string[]): string =>
  edges.map((edge, i) => `${edgeName(edge)} ${operations[i]}`).join(', ')

/** A genotype, and the runs that have it. */
interface Found {
  readonly names: readonly string[]
  readonly genotype: Genotype
  readonly space: Space
}

const cellsFigure = async (id: string, { names, genotype, space }: Found): Promise<Html> =>
  figure({
    id,
    title: `Cells of ${names.join(', ')}`,
    note: `c with an index: outputs of this cell and of the two before it; 0 to ${space.nodes - 1}: the nodes within.`,
    wide: true,
    content: picture(
      {
        svg: await drawCells(genotype, space),
        alt: `Both cells as graphs. ${cellKinds.map(kind => `${cellTitles[kind]}: ${describe(space, genotype[kind])}.`).join(' ')}`,
        minWidth: 820,
      },
      id,
    ),
    numbers: {
      label: 'Operations of both cells',
      head: ['edge', ...cellKinds.map(kind => cellTitles[kind])],
      rows: space.edges.map((edge, i) => [edgeName(edge), ...cellKinds.map(kind => genotype[kind][i]!)]),
      text: true,
    },
  })

/** The cells of every run that has some, each once; undefined if none has. */
export const cells = async (runs: Indexed<Run>): Promise<PageSection | undefined> => {
  const byGenotype = new Map<string, Found>()
  for (const { run } of runs) {
    if (run.genotype === undefined) continue
    const key = JSON.stringify([run.config.space, run.genotype.normal, run.genotype.reduce])
    const known = byGenotype.get(key)
    byGenotype.set(key, {
      genotype: run.genotype,
      space: spaceOf(run.config),
      names: [...(known?.names ?? []), run.name],
    })
  }
  if (byGenotype.size === 0) return undefined
  const figures = await Promise.all([...byGenotype.values()].map((found, i) => cellsFigure(`cells-${i + 1}`, found)))
  return section({ id: 'cells', title: 'Cells', content: html`<div class="figures">${figures}</div>` })
}
