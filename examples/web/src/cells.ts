import { create, find } from './dom.js'

interface Genotype {
  readonly normal: readonly string[]
  readonly reduce: readonly string[]
}

const nodes = ['c_{k-2}', 'c_{k-1}', '0', '1', '2', '3']

/** From every earlier node to every inner one, as genotypes list them. */
const edges = nodes.slice(2).flatMap((to, i) => nodes.slice(0, i + 2).map(from => `${from} to ${to}`))

const words = (operations: readonly string[]): string =>
  edges.map((edge, i) => `${edge} ${operations[i]!.replaceAll('_', ' ')}`).join(', ')

/** The picture's text, and the operations as a table. */
export const describeCells = ({ normal, reduce }: Genotype): void => {
  find('cells-picture', HTMLImageElement).alt =
    `Both cells as graphs. Normal cell: ${words(normal)}. Reduction cell: ${words(reduce)}.`
  const head = ['Edge', 'Normal cell', 'Reduction cell'].map(text => create('th', { scope: 'col' }, text))
  const rows = edges.map((edge, i) =>
    create('tr', {}, create('th', { scope: 'row' }, edge), create('td', {}, normal[i]!), create('td', {}, reduce[i]!)),
  )
  find('operations', HTMLTableElement).append(
    create('caption', { class: 'hidden' }, 'Operations of both cells'),
    create('thead', {}, create('tr', {}, ...head)),
    create('tbody', {}, ...rows),
  )
}
