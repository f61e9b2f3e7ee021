// node bench/curves.mjs: draws docs/accuracy.svg, validation accuracy over training time, from bench/results.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spreadChart } from '@cpnas/report'

const root = join(import.meta.dirname, '..')

/** A history.jsonl, and the minutes that its training takes on two cores of an AMD EPYC, from its steps and their measured time. */
const series = [
  { name: 'Child, cpu-10min', file: 'child-10min.jsonl', minutes: 5.7 },
  { name: 'Child, cpu-1h', file: 'child-1h.jsonl', minutes: 35 },
  { name: 'Child, cpu-1h, taught by its Parent', file: 'child-1h-taught.jsonl', minutes: 45 },
  { name: 'Parent, cpu-1h-parent', file: 'parent-1h.jsonl', minutes: 35 },
]

const lines = series.map(({ name, file, minutes }) => {
  const history = readFileSync(join(root, 'bench/results', file), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const points = history.map(({ epoch, accuracyValidation }) => ({
    x: (minutes * epoch) / history.length,
    y: 100 * accuracyValidation,
  }))
  return { name, points }
})
const chart = spreadChart({ x: 'minutes on two cores', y: 'validation accuracy, %', categories: [], series: lines })
writeFileSync(join(root, 'docs/accuracy.svg'), chart)
