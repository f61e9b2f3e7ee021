import type { PartTimes } from '@cpnas/runs'

/** A network that was timed: the parts of every step with its time, and the time of the whole, in milliseconds. */
export interface TimedNetwork {
  readonly steps: readonly { readonly parts: readonly string[]; readonly milliseconds: number }[]
  readonly whole: number
}

/** Rounds of the fit; the parts hardly depend on one another. */
const rounds = 200

/** Times of parts, none negative, whose sums are closest to those of the steps: least squares, one part after the other. */
const fitParts = (steps: readonly TimedNetwork['steps'][number][]): Readonly<Record<string, number>> => {
  const names = [...new Set(steps.flatMap(({ parts }) => parts))]
  const times = new Map(names.map(name => [name, 0]))
  const having = new Map(
    names.map(name => [
      name,
      steps.flatMap(step => {
        const count = step.parts.filter(part => part === name).length
        return count === 0 ? [] : [{ step, count }]
      }),
    ]),
  )
  for (let round = 0; round < rounds; round++)
    for (const name of names) {
      let squares = 0
      let products = 0
      for (const { step, count } of having.get(name)!) {
        const others = step.parts.reduce((sum, part) => sum + (part === name ? 0 : times.get(part)!), 0)
        squares += count * count
        products += count * (step.milliseconds - others)
      }
      times.set(name, Math.max(0, products / squares))
    }
  return Object.fromEntries(times)
}

/** The closest line through points. */
const fitLine = (points: readonly (readonly [x: number, y: number])[]): readonly [base: number, factor: number] => {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const spread = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const factor = spread === 0 ? 1 : points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread
  return [my - factor * mx, factor]
}

/** A part that no timed network had is as slow as the slowest of its kind. */
const timeOf = (parts: PartTimes['parts'], part: string): number => {
  const known = parts[part]
  if (known !== undefined) return known
  const kind = part.slice(0, part.indexOf(' ') + 1)
  return Math.max(0, ...Object.keys(parts).flatMap(name => (name.startsWith(kind) ? [parts[name]!] : [])))
}

const sumOf = (parts: PartTimes['parts'], steps: readonly (readonly string[])[]): number =>
  steps.flat().reduce((sum, part) => sum + timeOf(parts, part), 0)

/** The table that explains the times of some networks best. */
export const fitTimes = (networks: readonly TimedNetwork[]): PartTimes => {
  const parts = fitParts(networks.flatMap(({ steps }) => steps))
  const [base, factor] = fitLine(
    networks.map(({ steps, whole }) => [
      sumOf(
        parts,
        steps.map(step => step.parts),
      ),
      whole,
    ]),
  )
  return { parts, base, factor }
}

/** Milliseconds of an image in a network of these steps. */
export const timeIn = ({ parts, base, factor }: PartTimes, steps: readonly (readonly string[])[]): number =>
  base + factor * sumOf(parts, steps)
