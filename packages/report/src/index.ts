export { drawCells } from './draw-cells.js'
export { type ChartPoint, type ChartSeries, type SpreadChart, spreadChart } from './spread-chart.js'
