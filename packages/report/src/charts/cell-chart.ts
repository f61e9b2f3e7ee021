import { light } from '../page/palette.js'
import { axisStyle, fontFamily, type Option, renderChart, type Size } from './render.js'

export interface Cell {
  readonly column: number
  readonly row: number
  /** -1..1: how strongly it is coloured, above 0 in the one colour, below in the other. */
  readonly strength: number
  readonly text?: string
  /** A frame around it. Default false. */
  readonly framed?: boolean
}

export interface CellChart {
  readonly columns: readonly string[]
  readonly rows: readonly string[]
  /** Titles of the axes. Default: none. */
  readonly x?: string
  readonly y?: string
  readonly cells: readonly Cell[]
  /** Pixels of a cell, and room for the names at the left and at the bottom. */
  readonly cell: Size
  readonly left: number
  readonly bottom: number
}

/** Colours of cells above and below 0: blue and orange are told apart by nearly everyone. */
const cellColours = { above: light('series-0'), below: light('series-1') } as const

/** A matrix of coloured cells; what is not given stays empty. Rows go downwards. */
export const cellChart = ({ columns, rows, x, y, cells, cell, left, bottom }: CellChart): string => {
  const axis = {
    type: 'category' as const,
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: false },
    nameLocation: axisStyle.nameLocation,
    nameTextStyle: axisStyle.nameTextStyle,
  }
  const label = { ...axisStyle.axisLabel, fontSize: 11, interval: 0 }
  const option: Option = {
    grid: { left, right: 4, top: 4, bottom },
    xAxis: {
      ...axis,
      data: [...columns],
      axisLabel: { ...label, rotate: 90 },
      ...(x === undefined ? {} : { name: x, nameGap: bottom - 18 }),
    },
    yAxis: {
      ...axis,
      data: [...rows],
      inverse: true,
      axisLabel: label,
      ...(y === undefined ? {} : { name: y, nameGap: left - 16 }),
    },
    series: [
      {
        type: 'custom',
        silent: true,
        data: cells.map(({ column, row }) => [column, row]),
        renderItem: ({ dataIndex }, api) => {
          const { column, row, strength, text, framed = false } = cells[dataIndex]!
          const [centreX, centreY] = api.coord([column, row]) as [number, number]
          const [width, height] = [cell.width - 2, cell.height - 2]
          const opacity = Math.min(1, Math.abs(strength))
          return {
            type: 'group',
            children: [
              {
                type: 'rect',
                shape: { x: centreX - width / 2, y: centreY - height / 2, width, height },
                style: {
                  fill: strength < 0 ? cellColours.below : cellColours.above,
                  fillOpacity: Number((0.06 + 0.94 * opacity).toFixed(2)),
                  ...(framed ? { stroke: light('ink'), lineWidth: 1.5 } : {}),
                },
              },
              ...(text === undefined
                ? []
                : [
                    {
                      type: 'text' as const,
                      x: centreX,
                      y: centreY,
                      style: {
                        text,
                        align: 'center' as const,
                        verticalAlign: 'middle' as const,
                        font: `${framed ? 'bold ' : ''}11px ${fontFamily}`,
                        fill: light('ink'),
                        // A rim of the ground's colour keeps it legible on any cell.
                        stroke: light('panel'),
                        lineWidth: 2.5,
                      },
                    },
                  ]),
            ],
          }
        },
      },
    ],
  }
  return renderChart(option, {
    width: left + 4 + columns.length * cell.width,
    height: bottom + 4 + rows.length * cell.height,
  })
}
