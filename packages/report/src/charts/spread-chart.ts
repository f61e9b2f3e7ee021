import type { LineSeriesOption } from 'echarts/charts'
import { light, seriesColour, seriesMark } from '../page/palette.js'
import { axisStyle, type Option, renderChart } from './render.js'

/** A value, e.g. a mean or a median. */
export interface ChartPoint {
  /** A number, or one of the chart's categories. */
  readonly x: number | string
  readonly y: number
  /** The ends of its error bar. Default: none. */
  readonly range?: readonly [low: number, high: number]
}

/** A line of the chart, by its name in the legend. */
export interface ChartSeries {
  readonly name: string
  readonly points: readonly ChartPoint[]
  /** Points without a line through them. Default: false. */
  readonly scattered?: boolean
}

/** Values with error bars over x. */
export interface SpreadChart {
  /** Titles of the axes. */
  readonly x: string
  readonly y: string
  /** All values of x as text, in their order: the axis if they are not numbers. */
  readonly categories: readonly string[]
  readonly series: readonly ChartSeries[]
  /** Pixels. Default 720 and 440. */
  readonly width?: number
  readonly height?: number
}

/** Half the width of a bar's cap, in pixels. */
const cap = 5

/** A line of the values, and their error bars. */
const seriesOf = (
  { name, points, scattered = false }: ChartSeries,
  colour: string,
  { symbol, line }: ReturnType<typeof seriesMark>,
): Option['series'] & object => [
  {
    type: 'line',
    name,
    data: points.map(({ x, y }) => [x, y]),
    symbol,
    symbolSize: scattered ? 5 : 8,
    lineStyle: { color: colour, width: scattered ? 0 : 2, type: line },
    itemStyle: { color: colour },
  },
  {
    type: 'custom',
    name,
    itemStyle: { color: colour },
    data: points.flatMap(({ x, range }) => (range === undefined ? [] : [[x, ...range]])),
    encode: { x: 0, y: [1, 2] },
    renderItem: (_, api) => {
      const [x, low] = api.coord([api.value(0), api.value(1)]) as [number, number]
      const [, high] = api.coord([api.value(0), api.value(2)]) as [number, number]
      const stroke = (x1: number, y1: number, x2: number, y2: number) => ({
        type: 'line' as const,
        shape: { x1, y1, x2, y2 },
        style: { stroke: colour, lineWidth: 1.5 },
      })
      return {
        type: 'group',
        children: [stroke(x, low, x, high), stroke(x - cap, low, x + cap, low), stroke(x - cap, high, x + cap, high)],
      }
    },
  },
]

/** Room beside the first and the last x; values above 0 are not given an axis that begins below it. */
const besides = (series: readonly ChartSeries[]) => {
  const xs = series.flatMap(({ points }) => points.map(({ x }) => Number(x)))
  const [least, most] = [Math.min(...xs), Math.max(...xs)]
  const room = 0.06
  return {
    boundaryGap: [`${100 * room}%`, `${100 * room}%`] as [string, string],
    ...(least > 0 && least < room * (most - least) ? { min: 0 } : {}),
  }
}

/** Pixels between the entries of a legend, and between its rows: viewers' letters can be wider than those that it is laid out for. */
const legendGap = 30
/** Pixels from row to row: a line of text, and the gap. */
const legendRow = 14 + legendGap

/** Rows that a legend takes: names of about seven pixels a letter, each with its mark. */
const legendRows = (names: readonly string[], width: number): number => {
  let rows = 1
  let right = 0
  for (const { length } of names) {
    const entry = 30 + 7 * length
    const beside = right > 0 ? right + legendGap + entry : entry
    const fits = right === 0 || beside <= width
    if (!fits) rows += 1
    right = fits ? beside : entry
  }
  return rows
}

/** Values with error bars, a line a series, as an SVG picture. */
export const spreadChart = ({ x, y, categories, series, width = 720, height = 440 }: SpreadChart): string => {
  const numeric = series.every(({ points }) => points.every(point => typeof point.x === 'number'))
  const names = series.map(({ name }) => name)
  const axis = { ...axisStyle, axisLine: { onZero: false, lineStyle: { color: light('axis') } } } as const
  const option: Option = {
    backgroundColor: light('paper'),
    grid: { left: 70, right: 30, top: series.length > 1 ? 6 + legendRow * legendRows(names, width) : 25, bottom: 60 },
    ...(series.length > 1 ? { legend: { top: 10, itemGap: legendGap, data: [...names] } } : {}),
    xAxis: numeric
      ? { type: 'value', name: x, nameGap: 32, scale: true, ...besides(series), ...axis }
      : { type: 'category', name: x, nameGap: 32, data: [...categories], ...axis },
    yAxis: { type: 'value', name: y, nameGap: 45, scale: true, ...axis },
    series: series.flatMap((one, i) => seriesOf(one, seriesColour(i), seriesMark(i)) as LineSeriesOption[]),
  }
  return renderChart(option, { width, height })
}
