import {
  CustomChart,
  type CustomSeriesOption,
  LineChart,
  type LineSeriesOption,
  ScatterChart,
  type ScatterSeriesOption,
} from 'echarts/charts'
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  MarkLineComponent,
  type MarkLineComponentOption,
} from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { light } from '../page/palette.js'

export type Option = ComposeOption<
  | LineSeriesOption
  | ScatterSeriesOption
  | CustomSeriesOption
  | GridComponentOption
  | LegendComponentOption
  | MarkLineComponentOption
>

use([LineChart, ScatterChart, CustomChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer])

/** Pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

export const fontFamily = 'Helvetica, Arial, sans-serif'

/** How all our axes look. */
export const axisStyle = {
  nameLocation: 'middle',
  nameTextStyle: { color: light('ink'), fontSize: 13 },
  axisLabel: { color: light('muted'), fontSize: 12 },
  axisTick: { lineStyle: { color: light('axis') } },
  splitLine: { lineStyle: { color: light('rule') } },
} as const

/** What is left of hover effects, which a still picture does not have, and of the numbering of charts in this process. */
const still = (svg: string): string =>
  svg
    .replace(/<style\s*>.*?<\/style>/gs, '')
    .replace(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/ ecmeta_\w+="[^"]*"/g, '')
    .replace(/ pointer-events="visible"/g, '')
    .replace(/\bzr\d+-/g, 'zr-')

/** An option of ECharts as a still SVG picture; the same option gives the same picture. */
export const renderChart = (option: Option, size: Size): string => {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily, color: light('ink') }, ...option })
    return still(chart.renderToSVGString())
  } finally {
    chart.dispose()
  }
}
