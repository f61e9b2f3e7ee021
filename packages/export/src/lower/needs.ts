import type { Node } from '../graph-nodes.js'
import { refuseOperation } from '../refusal.js'
import { type Factors, formOf, isSign, resolve, signProductsOf } from './forms.js'

/** What of a network has to be computed: maps in float, and signs of maps. */
export interface Needs {
  readonly maps: ReadonlySet<Node>
  /** Of what factors make of a map, or of the map itself (undefined). */
  readonly signs: ReadonlyMap<Node, ReadonlySet<Factors | undefined>>
}

/** `features` and what they come from. The nodes are in the order of computation, so that who asks for one comes after it. */
export const needsOf = (nodes: readonly Node[], features: Node): Needs => {
  const maps = new Set<Node>([features])
  const signs = new Map<Node, Set<Factors | undefined>>()

  const needSigns = (x: Node, factors?: Factors): void => {
    const node = resolve(x)
    signs.set(node, (signs.get(node) ?? new Set()).add(factors))
  }

  const needOperands = (node: Node): void => {
    const form = formOf(node)
    if (form.kind === 'prelu') maps.add(form.x)
    if (form.kind === 'parts') for (const part of form.parts) maps.add(part)
    if (form.kind === 'sum')
      for (const { node } of form.addends) {
        if ('prologue' in node && isSign(node.prologue.activation)) needSigns(node.x, node.prologue.affine)
        else maps.add('geometry' in node ? resolve(node.x) : node)
      }
  }

  for (const node of nodes.toReversed()) {
    const asked = signs.get(node)
    if (asked !== undefined && node.kind === 'concat') {
      if ([...asked].some(factors => factors !== undefined)) refuseOperation('a normalization of several maps')
      for (const part of node.xs) needSigns(part)
    } else if (asked !== undefined) {
      const products = signProductsOf(node)
      if (products === undefined) maps.add(node)
      else needSigns(products.convolution.x, products.convolution.prologue.affine)
    }
    if (maps.has(node)) needOperands(node)
  }
  return { maps, signs }
}
