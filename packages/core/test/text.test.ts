import { cpnasError, decodeText, formatError, namesText, printable, printableLines } from '@cpnas/core'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

const characters = fc.string({ unit: 'binary', maxLength: 40 })

describe('printable', () => {
  it('escapes control characters and marks that change the order of a text', () => {
    expect(printable('a\x1b[31mb\x07\n\t\r')).toBe('a\\x1b[31mb\\x07\\n\\t\\r')
    expect(printable('\u009b31m\u202eabc\ufeff\u200b')).toBe('\\u009b31m\\u202eabc\\ufeff\\u200b')
    // Letters of all scripts stay, and so do the joiners of some of them.
    expect(printable('café 猫 می\u200cخواهم 👩\u200d🔬')).toBe('café 猫 می\u200cخواهم 👩\u200d🔬')
  })

  it('leaves one line without controls, whatever the text, and a second time nothing to do', () => {
    fc.assert(
      fc.property(characters, text => {
        const shown = printable(text)
        expect(shown).not.toMatch(/\p{Cc}/u)
        expect(printable(shown)).toBe(shown)
      }),
    )
  })

  it('of lines keeps them, and JSON as what it says', () => {
    expect(printableLines('a\n\tb\x1bc')).toBe('a\n\tb\\x1bc')
    fc.assert(
      fc.property(fc.dictionary(characters, characters), value => {
        expect(JSON.parse(printableLines(JSON.stringify(value)))).toEqual({ ...value })
      }),
    )
  })

  it('is how errors are formatted', () => {
    expect(formatError(cpnasError('InvalidData', 'a\nb', 'is \x1b[2J', 'Remove it'))).toBe(
      'a\\nb: is \\x1b[2J. Remove it.',
    )
  })
})

describe('decodeText', () => {
  it('reads what editors write, without their marks', () => {
    const encodings: readonly ((text: string) => Buffer)[] = [
      text => Buffer.from(text, 'utf8'),
      text => Buffer.from(`\ufeff${text}`, 'utf8'),
      text => Buffer.from(`\ufeff${text}`, 'utf16le'),
      text => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    ]
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(...encodings), (text, encode) => {
        fc.pre(!text.startsWith('\ufeff'))
        expect(decodeText(encode(text))).toBe(text)
      }),
    )
  })
})

test('names are listed up to five', () => {
  expect(namesText(['a', 'b'])).toBe('a, b')
  expect(namesText(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e')
  expect(namesText(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d, e, ... (6)')
})
