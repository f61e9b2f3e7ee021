import fc from 'fast-check'
import { parseFragment } from 'parse5'
import { expect, test } from 'vitest'
import { html, raw } from '../../src/page/html.js'
import { attribute, type Element, text } from '../support/page.js'

/** What HTML can hold: no control characters but white space, no half of a pair; line ends are normalized by its parser. */
const texts = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant.
  .map(value => value.replace(/[\u0000-\u001f\u007f-\u009f]/g, ''))

test('text means itself, in an element and in an attribute', () =>
  fc.assert(
    fc.property(texts, texts, (title, content) => {
      const fragment = parseFragment(html`<p title="${title}">${content}</p>`.text)
      expect(fragment.childNodes).toHaveLength(1)
      const [paragraph] = fragment.childNodes as unknown as [Element]
      expect(attribute(paragraph, 'title')).toBe(title)
      expect(text(paragraph)).toBe(content)
      expect(paragraph.childNodes.every(({ nodeName }) => nodeName === '#text')).toBe(true)
    }),
  ))

test('pieces, lists and nothing', () => {
  expect(html`<b>${['<', html`<i>${1}</i>`, raw('<br>')]}${undefined}${false}</b>`.text).toBe('<b>&lt;<i>1</i><br></b>')
})

test('characters that HTML cannot hold are replaced', () => {
  expect(html`${'a\u0000b\u001bc\td'}`.text).toBe('a\ufffdb\ufffdc\td')
})
