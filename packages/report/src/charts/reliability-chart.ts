import type { ReliabilityBin } from '@cpnas/model'
import { light } from '../page/palette.js'
import { axisStyle, type Option, renderChart } from './render.js'

const share = {
  type: 'value',
  min: 0,
  max: 1,
  ...axisStyle,
  axisLabel: { ...axisStyle.axisLabel, formatter: (value: number) => `${Math.round(value * 100)} %` },
  axisLine: { onZero: false, lineStyle: { color: light('axis') } },
} as const

/** Accuracy over confidence: a bar a bin, as dark as it has images, and the diagonal of perfect calibration. */
export const reliabilityChart = (bins: readonly ReliabilityBin[]): string => {
  const filled = bins.filter(({ count }) => count > 0)
  const most = Math.max(...filled.map(({ count }) => count))
  const option: Option = {
    grid: { left: 62, right: 16, top: 14, bottom: 48 },
    xAxis: { ...share, name: 'confidence', nameGap: 28, splitLine: { show: false } },
    yAxis: { ...share, name: 'accuracy', nameGap: 46 },
    series: [
      {
        type: 'custom',
        silent: true,
        data: filled.map(({ lower }) => [lower, 0]),
        renderItem: ({ dataIndex }, api) => {
          const { lower, upper, accuracy, count } = filled[dataIndex]!
          const [x, y] = api.coord([lower, accuracy ?? 0]) as [number, number]
          const [right, bottom] = api.coord([upper, 0]) as [number, number]
          return {
            type: 'rect',
            shape: { x: x + 1, y, width: right - x - 2, height: bottom - y },
            style: {
              fill: light('series-0'),
              fillOpacity: Number((0.25 + 0.75 * Math.sqrt(count / most)).toFixed(2)),
              stroke: light('series-0'),
              lineWidth: 1,
            },
          }
        },
      },
      {
        type: 'line',
        silent: true,
        symbol: 'none',
        data: [
          [0, 0],
          [1, 1],
        ],
        lineStyle: { color: light('ink'), type: 'dashed', width: 1.5 },
      },
    ],
  }
  return renderChart(option, { width: 360, height: 340 })
}
