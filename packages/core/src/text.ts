/** Control characters, and the marks that reorder or hide the text around them (bidirectional marks, zero-width spaces). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escaped = (character: string): string => {
  const code = character.charCodeAt(0)
  return escapes[character] ?? (code < 0x20 ? `\\x${code.toString(16).padStart(2, '0')}` : unicode(code))
}

/** Also how JSON writes a character, which is the same string when it is read again. */
const unicode = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`

/**
 * A name from outside (of a file, a class) as it may be printed: on one line, with control characters and marks that would change the
 * terminal or the order of the text as escapes (`\x1b`, `\n`, `\u202e`).
 */
export const printable = (text: string): string => text.replace(unsafe, escaped)

/** As `printable`, for text of several lines: line breaks and tabs stay. JSON stays JSON. */
export const printableLines = (text: string): string =>
  text.replace(unsafe, character => (character === '\n' || character === '\t' ? character : escaped(character)))

/**
 * Text as editors write it: UTF-8, or UTF-16 where a byte order mark says so. The mark is left out; bytes that are no text become
 * U+FFFD.
 */
export const decodeText = (bytes: Uint8Array): string => {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

/** The first five names and how many there are in all: "a, b, c, d, e, ... (9)". */
export const namesText = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, ... (${names.length})` : ''}`
