import { type Line, lineChart } from '../charts/line-chart.js'
import { figure, picture } from '../page/elements.js'
import { decimal, percent, plural } from '../page/format.js'
import type { Html } from '../page/html.js'

/** One quantity over the steps of a run. */
export interface Curve {
  /** The network, where a chart has several: Child, Parent. */
  readonly of?: string
  readonly points: readonly CurvePoint[]
}

interface CurvePoint {
  readonly step: number
  /** Undefined where there is nothing: the line goes on at the next point. */
  readonly value: number | undefined
  /** What happened at this step, for the table. */
  readonly where: string
}

/** The curves of one run. */
export interface RunCurves {
  readonly name: string
  /** Its place among the runs of its kind: tells its colour. */
  readonly index: number
  readonly curves: readonly Curve[]
}

export interface CurvesFigure {
  readonly id: string
  readonly title: string
  readonly note?: string
  readonly x: string
  readonly y: string
  readonly percent?: boolean
  readonly runs: readonly RunCurves[]
  readonly marks?: readonly { readonly x: number; readonly name: string }[]
  readonly level?: { readonly y: number; readonly name: string }
}

interface Drawn extends Line {
  readonly where: ReadonlyMap<number, string>
}

/** Of one run, quantities have colours of their own; of several, runs have, and every second quantity is dashed. */
const linesOf = (runs: readonly RunCurves[]): readonly Drawn[] =>
  runs.flatMap(({ name, index, curves }) =>
    curves.flatMap(({ of, points }, quantity): readonly Drawn[] => {
      const given = points.filter(({ value }) => value !== undefined)
      const alone = runs.length === 1
      return given.length === 0
        ? []
        : [
            {
              name: alone ? (of ?? name) : [name, ...(of === undefined ? [] : [of])].join(', '),
              colour: alone ? quantity : index,
              dashed: quantity % 2 === 1,
              points: given.map(({ step, value }) => [step, value!] as const),
              where: new Map(given.map(({ step, where }) => [step, where])),
            },
          ]
    }),
  )

const describe = ({ name, points }: Line, format: (value: number) => string): string => {
  const values = points.map(([, value]) => value)
  const [first, last] = [points[0]!, points.at(-1)!]
  return `${name}: ${plural(points.length, 'value')}, from ${format(first[1])} at ${first[0]} to ${format(last[1])} at ${last[0]}, lowest ${format(Math.min(...values))}, highest ${format(Math.max(...values))}.`
}

/** Curves of the same kind in one chart; undefined if there is no value yet. */
export const curvesFigure = ({
  id,
  title,
  note,
  x,
  y,
  percent: isShare = false,
  runs,
  marks = [],
  level,
}: CurvesFigure): Html | undefined => {
  const lines = linesOf(runs)
  if (lines.length === 0) return undefined
  const format = isShare ? percent : decimal
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b)
  const values = lines.map(({ points }) => new Map(points))
  return figure({
    id,
    title,
    ...(note === undefined ? {} : { note }),
    content: picture(
      {
        svg: lineChart({
          x,
          y,
          lines,
          legend: runs.length > 1 || lines.length > 1,
          percent: isShare,
          marks,
          ...(level === undefined ? {} : { level }),
        }),
        alt: `${title}. Line chart over ${x}. ${lines.map(line => describe(line, format)).join(' ')}`,
      },
      id,
    ),
    numbers: {
      label: title,
      head: [x, ...(runs.length === 1 ? ['at'] : []), ...lines.map(({ name }) => name)],
      rows: steps.map(step => [
        step,
        ...(runs.length === 1 ? [lines.map(({ where }) => where.get(step)).find(text => text !== undefined)] : []),
        ...values.map(of => {
          const value = of.get(step)
          return value === undefined ? '–' : format(value)
        }),
      ]),
    },
  })
}
