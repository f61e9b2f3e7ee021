/** A piece of a page; only `html` and `raw` make one, so that text from files cannot pass for one. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Values of a template: text and numbers are escaped; undefined and false are omitted. */
export type Content = Html | string | number | undefined | false | readonly Content[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Characters that HTML cannot hold, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant.
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Text that means itself in an element and in a quoted attribute. */
const escapeHtml = (text: string): string =>
  text.replace(unprintable, '\ufffd').replace(/[&<>"']/g, character => entities[character]!)

const render = (content: Content): string => {
  if (content === undefined || content === false) return ''
  if (content instanceof Html) return content.text
  return typeof content === 'object' ? content.map(render).join('') : escapeHtml(String(content))
}

/** A template whose values are escaped. */
export const html = (strings: TemplateStringsArray, ...values: readonly Content[]): Html =>
  new Html(strings.map((text, i) => text + render(values[i])).join(''))

/** Our own markup, not escaped. */
export const raw = (text: string): Html => new Html(text)
