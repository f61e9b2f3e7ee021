import { type DefaultTreeAdapterMap, defaultTreeAdapter, type ParserError, parse } from 'parse5'

export type Element = DefaultTreeAdapterMap['element']
type Node = DefaultTreeAdapterMap['node']

export interface ParsedPage {
  readonly errors: readonly ParserError[]
  readonly elements: readonly Element[]
}

const below = (node: Node): readonly Element[] =>
  'childNodes' in node
    ? node.childNodes.flatMap(child => [...(defaultTreeAdapter.isElementNode(child) ? [child] : []), ...below(child)])
    : []

/** All elements of a page in their order, and what a browser would have had to mend. */
export const parsePage = (html: string): ParsedPage => {
  const errors: ParserError[] = []
  const elements = below(parse(html, { onParseError: error => errors.push(error) }))
  return { errors, elements }
}

export const attribute = ({ attrs }: Element, name: string): string | undefined =>
  attrs.find(attribute => attribute.name === name)?.value

/** All text within. */
export const text = (node: Node): string =>
  defaultTreeAdapter.isTextNode(node) ? node.value : 'childNodes' in node ? node.childNodes.map(text).join('') : ''

export const within = (element: Element, tag: string): readonly Element[] =>
  below(element).filter(({ tagName }) => tagName === tag)

/** What stands in the cells of the table in the element with this id, row by row, without its head. */
export const rowsIn = ({ elements }: ParsedPage, id: string): readonly (readonly string[])[] =>
  within(elements.find(element => attribute(element, 'id') === id)!, 'tr')
    .map(row => [...within(row, 'th'), ...within(row, 'td')])
    .filter(cells => cells.some(({ tagName }) => tagName === 'td'))
    .map(cells => cells.map(text))
