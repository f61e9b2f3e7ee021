import { fontFamily } from '../charts/render.js'
import { type Content, type Html, html, raw } from './html.js'
import type { PageSection } from './page.js'
import { themed } from './palette.js'

export interface Table {
  /** Label for screen readers. */
  readonly label: string
  readonly head: readonly Content[]
  /** The first cell of a row is its head. */
  readonly rows: readonly (readonly Content[])[]
  /** Whether cells other than the first hold text rather than numbers. Default false. */
  readonly text?: boolean
}

/** A table in a box that scrolls where it is wider than the page, by keyboard too. */
export const table = ({ label, head, rows, text = false }: Table): Html => html`
<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table${text && raw(' class="text"')}>
<thead><tr>${head.map(cell => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(([first, ...cells]) => html`<tr><th scope="row">${first ?? ''}</th>${cells.map(cell => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`

/** What opens on demand. The id keeps it open when a live page is renewed. */
export const details = (id: string, summary: Content, content: Content): Html =>
  html`<details id="${id}"><summary>${summary}</summary>${content}</details>`

/** A picture as it comes from a drawing library, and what it shows in words. */
export interface Picture {
  readonly svg: string
  /** Width at which its text has the size it was drawn with, in pixels; below it the figure scrolls. Default: it shrinks. */
  readonly minWidth?: number
  readonly alt: string
}

/** How much a picture grows where there is room. */
const largest = 1.25

/** Text before the element, and parts that would duplicate ids or add unwanted tooltips. */
const bare = (svg: string, id: string): string =>
  svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--.*?-->\s*/gs, '')
    .replace(/<\/?a\b[^>]*>\n?/g, '')
    .replace(/<title>.*?<\/title>\n?/gs, '')
    .replace(/ (?:id|class)="(?!zr-)[^"]*"/g, '')
    .replace(/ xmlns(?::\w+)?="[^"]*"| xml:space="preserve"| version="1.1"| baseProfile="full"/g, '')
    // The page says it once.
    .replaceAll(`font-family:${fontFamily};`, '')
    .replace(/\bzr-/g, `${id}-`)

/** The picture inline, in the page's colours, as wide as there is room. */
export const picture = ({ svg, alt, minWidth }: Picture, id: string): Html => {
  const inline = themed(bare(svg, id))
  const [opening] = /^<svg[^>]*>/.exec(inline)!
  const size = (name: string): string => new RegExp(` ${name}="([\\d.]+)`).exec(opening)![1]!
  const viewBox = /viewBox="[^"]*"/.exec(opening)?.[0] ?? `viewBox="0 0 ${size('width')} ${size('height')}"`
  const [, width] = /viewBox="[\d.-]+ [\d.-]+ ([\d.]+)/.exec(viewBox)!
  const style = html` style="${minWidth !== undefined && `min-width:${minWidth}px;`}max-width:${Math.round(Number(width) * largest)}px"`
  const drawn = html`<svg ${raw(viewBox)} role="img" aria-label="${alt}"${style}>${raw(inline.slice(opening.length))}`
  return minWidth === undefined
    ? drawn
    : html`<div class="scroll" role="region" tabindex="0" aria-label="${alt.split(/[.:]/)[0]!}, scrolls">${drawn}</div>`
}

export interface Figure {
  readonly id: string
  readonly title: Content
  /** A sentence on how to read it. */
  readonly note?: Content
  readonly content: Content
  readonly numbers?: Table | readonly Table[]
  /** Takes the whole width of the page. */
  readonly wide?: boolean
}

/** A figure: its title, the picture, how to read it, and its numbers as a table on demand. */
export const figure = ({ id, title, note, content, numbers, wide }: Figure): Html => html`
<figure id="${id}"${wide && raw(' class="wide"')} aria-labelledby="${id}-title">
<figcaption id="${id}-title">${title}</figcaption>
${content}${note !== undefined && html`<p class="note">${note}</p>`}
${
  numbers &&
  details(
    `${id}-numbers`,
    'Numbers',
    [numbers].flat().map(one => table(one)),
  )
}
</figure>`

/** A section of the page, with its heading. */
export const section = ({ id, title, content }: PageSection): PageSection => ({
  id,
  title,
  content: html`
<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>`,
})
