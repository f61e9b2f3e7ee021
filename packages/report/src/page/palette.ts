/** Colours of pictures and page by use: on a light ground and on a dark one. Pictures are drawn with the light ones. */
export const palette = {
  paper: ['#ffffff', '#10151d'],
  panel: ['#fbfcfe', '#171e29'],
  ink: ['#1f2937', '#e6eaf0'],
  muted: ['#64748b', '#9fb0c5'],
  axis: ['#94a3b8', '#6b7c93'],
  rule: ['#e2e8f0', '#2b3646'],
  // Series: Okabe and Ito's colours, which most people can tell apart, those too pale for white paper darkened.
  'series-0': ['#0072b2', '#56b4e9'],
  'series-1': ['#d55e00', '#ff9249'],
  'series-2': ['#00805d', '#33c79b'],
  'series-3': ['#b3578a', '#e79ac3'],
  'series-4': ['#9a6b00', '#f0b93a'],
  'series-5': ['#4b5563', '#c3ccd8'],
  // Operations of a cell.
  none: ['#b6bfcb', '#5b6a7e'],
  skip: ['#5b6676', '#b4c0d0'],
  'max-pool': ['#b04a08', '#fdb07a'],
  'avg-pool': ['#96690a', '#f2cf63'],
  'sep-3': ['#2563eb', '#a6c8ff'],
  'sep-5': ['#1e40af', '#7aa7f7'],
  'dil-3': ['#0f7f5c', '#86e3c0'],
  'dil-5': ['#065f46', '#4cc79a'],
} as const

export type Colour = keyof typeof palette

/** A colour as a picture is drawn with it. */
export const light = (colour: Colour): string => palette[colour][0]

const series: readonly Colour[] = ['series-0', 'series-1', 'series-2', 'series-3', 'series-4', 'series-5']

/** The colour of the i-th series; after the sixth they come again. */
export const seriesColour = (i: number): string => light(series[i % series.length]!)

const marks = [
  { symbol: 'circle', line: 'solid' },
  { symbol: 'triangle', line: 'dashed' },
  { symbol: 'rect', line: 'dotted' },
] as const

/** The mark and the line of the i-th series: others as soon as its colour comes again. */
export const seriesMark = (i: number): (typeof marks)[number] => marks[Math.floor(i / series.length) % marks.length]!

const declarations = (theme: 0 | 1): string =>
  Object.entries(palette)
    .map(([name, colours]) => `--${name}:${colours[theme]}`)
    .join(';')

/** Declares every colour as a custom property: light ones, and dark ones where the reader prefers them and does not print. */
export const paletteStyle = `:root{color-scheme:light;--operation-ink:#ffffff;${declarations(0)}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--operation-ink:#10151d;${declarations(1)}}}`

const names = new Map(Object.entries(palette).map(([name, [colour]]) => [colour as string, name]))

/** An SVG picture whose colours follow the page's theme. White text stands on an operation's colour. */
export const themed = (svg: string): string =>
  svg
    .replace(/(<text[^>]*?) fill="(?:#ffffff|white)"/g, '$1 fill="var(--operation-ink)"')
    // The hollow of a symbol.
    .replace(/"#fff"/g, '"var(--panel)"')
    .replace(/"(#[0-9a-f]{6})"/g, (all, colour: string) => {
      const name = names.get(colour)
      return name === undefined ? all : `"var(--${name})"`
    })
