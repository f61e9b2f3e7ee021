import { create, find, setText } from './dom.js'
import { percent } from './format.js'

/** More classes than these are not shown. */
const most = 10

/** How long the answer must stand before it is said aloud. */
const quiet = 600

interface Row {
  readonly element: HTMLTableRowElement
  readonly bits: HTMLTableCellElement
  readonly float: HTMLTableCellElement
}

const newRow = (label: string): Row => {
  const bits = create('td', { class: 'share bits' })
  const float = create('td', { class: 'share float of-float', hidden: '' })
  return { element: create('tr', {}, create('th', { scope: 'row' }, label), bits, float), bits, float }
}

const fill = (cell: HTMLTableCellElement, confidence: number): void => {
  cell.dataset.confidence = `${confidence}`
  cell.style.setProperty('--share', `${confidence}`)
  cell.replaceChildren(create('span', { class: 'bar' }, percent(confidence)))
}

interface Ranked {
  readonly index: number
  readonly label: string
  readonly confidence: number
}

export interface Answer {
  /** Classes of the 1-bit network, the likeliest first. */
  readonly show: (ranked: readonly Ranked[]) => void
  /** Confidences of the float network, by class. */
  readonly showFloat: (confidences: readonly number[]) => void
}

/** The table of classes, and the answer said aloud once it stands. */
export const createAnswer = (classes: readonly string[]): Answer => {
  const body = find('classes', HTMLElement)
  const rows = classes.map(newRow)
  let timer: ReturnType<typeof setTimeout> | undefined
  const say = (text: string): void => {
    clearTimeout(timer)
    timer = setTimeout(() => setText('spoken', text), quiet)
  }
  return {
    show: ranked => {
      const shown = ranked.slice(0, most)
      for (const { index, confidence } of shown) fill(rows[index]!.bits, confidence)
      body.replaceChildren(...shown.map(({ index }) => rows[index]!.element))
      const [first, ...next] = shown
      setText('top-label', first!.label)
      setText('top-confidence', percent(first!.confidence))
      const words = ({ label, confidence }: Ranked): string => `${label} ${percent(confidence)}`
      setText('says', words(first!))
      say(`${words(first!)}. Then ${next.slice(0, 2).map(words).join(', ')}.`)
    },
    showFloat: confidences => {
      for (const [i, { float }] of rows.entries()) fill(float, confidences[i]!)
      for (const cell of document.querySelectorAll<HTMLElement>('.of-float')) cell.hidden = false
      for (const { float } of rows) float.hidden = false
    },
  }
}
