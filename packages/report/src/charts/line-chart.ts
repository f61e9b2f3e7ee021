import { light, seriesColour } from '../page/palette.js'
import { axisStyle, type Option, renderChart } from './render.js'

export interface Line {
  readonly name: string
  /** Which of the page's series colours it has. */
  readonly colour: number
  readonly dashed?: boolean
  /** In the order of x. */
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface LineChart {
  /** Titles of the axes. */
  readonly x: string
  readonly y: string
  readonly lines: readonly Line[]
  /** Whether lines are named. Default: if there are several. */
  readonly legend?: boolean
  /** Values of y are shares of 1, to be written in percent. Default false. */
  readonly percent?: boolean
  /** Places on the x axis where something new begins; there should be room for their names. */
  readonly marks?: readonly { readonly x: number; readonly name: string }[]
  /** A value of y to compare with. */
  readonly level?: { readonly y: number; readonly name: string }
}

const size = { width: 440, height: 290 }

/** More points than these, and a dot for each would hide the line. */
const mostDots = 50

const ruler = (color: string, type: 'dashed' | 'solid') => ({ color, type, width: 1 })

/** Pixels of an entry of the legend: its symbol, its name in a letter's mean width, the gap to the next. */
const entryWidth = (name: string): number => 30 + 5 + 6.4 * name.length + 12

/** Where the axis begins so that the level stands clear of it: a multiple of 0.05 below it. */
const lowest = (level: number): number => Math.max(0, Math.floor(level * 20 - 0.5) / 20)

const legendBox = { left: 56, right: 8, row: 20 }

/** Rows that the legend needs, as wrapped by ECharts. */
const legendRows = (names: readonly string[]): number => {
  const room = size.width - legendBox.left - legendBox.right
  let rows = 1
  let used = 0
  for (const name of names) {
    const width = entryWidth(name)
    if (used > 0 && used + width > room) {
      rows++
      used = 0
    }
    used += width
  }
  return rows
}

/** Lines over a number, as an SVG picture. */
export const lineChart = ({
  x,
  y,
  lines,
  legend = lines.length > 1,
  percent = false,
  marks = [],
  level,
}: LineChart): string => {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x))
  const first = Math.min(...xs)
  const last = Math.max(...xs)
  const option: Option = {
    grid: {
      left: 62,
      right: 16,
      top: (legend ? 16 + legendBox.row * legendRows(lines.map(({ name }) => name)) : 14) + (marks.length > 0 ? 14 : 0),
      bottom: 48,
    },
    ...(legend
      ? {
          legend: {
            top: 2,
            left: legendBox.left,
            right: legendBox.right,
            itemWidth: 30,
            itemHeight: 9,
            textStyle: { color: light('ink'), fontSize: 12 },
            lineStyle: { width: 2 },
          },
        }
      : {}),
    xAxis: {
      type: 'value',
      name: x,
      nameGap: 28,
      min: first,
      max: first === last ? first + 1 : last,
      minInterval: 1,
      ...axisStyle,
      splitLine: { show: false },
      axisLine: { onZero: false, lineStyle: { color: light('axis') } },
    },
    yAxis: {
      type: 'value',
      name: y,
      nameGap: 46,
      scale: true,
      ...(level === undefined ? {} : { min: ({ min }: { readonly min: number }) => lowest(Math.min(min, level.y)) }),
      ...axisStyle,
      axisLabel: {
        ...axisStyle.axisLabel,
        ...(percent ? { formatter: (value: number) => `${Number((value * 100).toPrecision(6))} %` } : {}),
      },
      axisLine: { show: false },
    },
    series: lines.map(({ name, colour, dashed = false, points }, i) => ({
      type: 'line' as const,
      name,
      silent: true,
      data: points.map(([x, y]) => [x, y]),
      showSymbol: points.length <= mostDots,
      symbol: dashed ? 'emptyCircle' : 'circle',
      symbolSize: points.length <= 12 ? 6 : 4,
      lineStyle: { color: seriesColour(colour), width: 2, type: dashed ? ('dashed' as const) : ('solid' as const) },
      itemStyle: { color: seriesColour(colour) },
      ...(i > 0
        ? {}
        : {
            markLine: {
              silent: true,
              symbol: 'none',
              animation: false,
              data: [
                ...marks.map(mark => ({
                  xAxis: mark.x,
                  lineStyle: ruler(light('axis'), 'dashed'),
                  label: { formatter: () => mark.name, color: light('muted'), fontSize: 11, distance: 3 },
                })),
                ...(level === undefined
                  ? []
                  : [
                      {
                        yAxis: level.y,
                        lineStyle: ruler(light('muted'), 'solid'),
                        label: {
                          formatter: () => level.name,
                          color: light('muted'),
                          fontSize: 11,
                          position: 'insideEndTop' as const,
                        },
                      },
                    ]),
              ],
            },
          }),
    })),
  }
  return renderChart(option, size)
}
