import { type CellKind, cellKinds, cpNas, type Genotype, inputNodes, type Space } from '@cpnas/supernet'
import { type Edge, instance, type Node, type Subgraph } from '@viz-js/viz'

/** One colour a family, the darker of two shades for the larger kernel. White text on each has a contrast of at least 4.5. */
const colours: Readonly<Record<string, string>> = {
  none: '#b6bfcb',
  skip_connect: '#5b6676',
  max_pool_3x3: '#b04a08',
  avg_pool_3x3: '#96690a',
  sep_conv_3x3: '#2563eb',
  sep_conv_5x5: '#1e40af',
  dil_conv_3x3: '#0f7f5c',
  dil_conv_5x5: '#065f46',
}

/** Of operations that have no colour of their own. */
const otherColours = ['#6d28d9', '#be185d', '#0e7490', '#4d7c0f', '#9f1239']

const colourOf = (operation: string, { operations }: Space): string => {
  const others = operations.map(({ name }) => name).filter(name => !Object.hasOwn(colours, name))
  return colours[operation] ?? otherColours[Math.max(0, others.indexOf(operation)) % otherColours.length]!
}

const ink = '#1f2937'
const concatenation = '#94a3b8'

const titles: Record<CellKind, string> = { normal: 'Normal cell', reduce: 'Reduction cell' }

const terminal = (name: string, subscript: string): Node => ({
  name,
  attributes: {
    label: { html: `<i>c</i><sub><font point-size="10">${subscript}</font></sub>` },
    fillcolor: '#e2e8f0',
    color: '#64748b',
  },
})

const inner = (name: string, label: string): Node => ({
  name,
  attributes: { label, fillcolor: '#ffffff', color: '#64748b' },
})

/** A named node in the middle of the edge, so that no label lies over a line. */
const operationNode = (name: string, operation: string, colour: string): Node => ({
  name,
  attributes: {
    label: operation,
    fontcolor: '#ffffff',
    fontsize: 11,
    fillcolor: colour,
    color: colour,
    margin: '0.09,0.02',
    width: 0.3,
    height: 0.25,
  },
})

const drawCell = (kind: CellKind, operations: readonly string[], space: Space): Subgraph => {
  const nodeName = (node: number): string => `${kind} node ${node}`
  const output = `${kind} output`
  const drawn = space.edges.map(({ from, to }, i) => ({
    tail: nodeName(from),
    head: nodeName(to),
    name: `${kind} edge ${i}`,
    operation: operations[i]!,
    color: colourOf(operations[i]!, space),
  }))
  const legend = operations.includes('none')
    ? '<br align="left"/><font point-size="11" color="#64748b">dotted: none, the zero operation</font><br align="left"/>'
    : ''
  const intermediates = Array.from({ length: space.nodes }, (_, i) => i)
  return {
    name: `cluster_${kind}`,
    graphAttributes: {
      label: { html: `<font point-size="17"><b>${titles[kind]}</b></font>${legend}` },
      labeljust: 'l',
      fontcolor: ink,
      style: 'rounded,filled',
      color: '#e2e8f0',
      fillcolor: '#fbfcfe',
      margin: 16,
    },
    subgraphs: [
      {
        graphAttributes: { rank: 'same' },
        nodes: [terminal(nodeName(0), 'k-2'), terminal(nodeName(1), 'k-1')],
        // Puts the older input on top: drawn from left to right, a rank runs from bottom to top.
        edges: [{ tail: nodeName(1), head: nodeName(0), attributes: { style: 'invis' } }],
      },
    ],
    nodes: [
      ...intermediates.map(i => inner(nodeName(inputNodes + i), `${i}`)),
      terminal(output, 'k'),
      ...drawn.flatMap(({ name, operation, color }) =>
        operation === 'none' ? [] : [operationNode(name, operation, color)],
      ),
    ],
    edges: [
      ...drawn.flatMap(({ tail, head, name, operation, color }): Edge[] =>
        operation === 'none'
          ? [{ tail, head, attributes: { color, style: 'dotted', minlen: 2, penwidth: 1.2, arrowsize: 0.5 } }]
          : [
              { tail, head: name, attributes: { color, dir: 'none' } },
              { tail: name, head, attributes: { color } },
            ],
      ),
      ...intermediates.map(
        (i): Edge => ({
          tail: nodeName(inputNodes + i),
          head: output,
          attributes: { color: concatenation, penwidth: 1.2 },
        }),
      ),
    ],
  }
}

/**
 * Both cells as graphs, in one SVG picture: the outputs of the two cells before (c_{k-2}, c_{k-1}), the intermediate
 * nodes, the cell's output c_k, and every edge with its operation. Edges of `none` are dotted.
 * `space` is that of the genotype, default `cp-nas`. Laid out by Graphviz; the same genotype gives the same picture.
 */
export const drawCells = async (genotype: Genotype, space: Space = cpNas): Promise<string> => {
  const graphviz = await instance()
  return graphviz.renderString(
    {
      graphAttributes: {
        rankdir: 'LR',
        bgcolor: '#ffffff',
        fontname: 'Helvetica',
        nodesep: 0.16,
        ranksep: 0.38,
        pad: 0.25,
        outputorder: 'edgesfirst',
        tooltip: 'CP-NAS cells',
      },
      nodeAttributes: {
        shape: 'box',
        style: 'rounded,filled',
        fontname: 'Helvetica',
        fontsize: 14,
        fontcolor: ink,
        width: 0.6,
      },
      edgeAttributes: { arrowsize: 0.7, penwidth: 1.7 },
      // Clusters without a link between them are stacked last first.
      subgraphs: cellKinds.map(kind => drawCell(kind, genotype[kind], space)).reverse(),
    },
    { format: 'svg' },
  )
}
