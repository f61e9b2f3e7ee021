import type { Run, SearchRun, TrainingRun } from '@cpnas/runs'
import { searchOptions } from '@cpnas/search'
import { trainingOptions } from '@cpnas/training'
import { details, section, table } from '../page/elements.js'
import { type Content, type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Indexed } from './indexed.js'

interface Row {
  readonly name: string
  readonly description: string
  /** One a run. */
  readonly values: readonly string[]
}

const print = (value: unknown): string => {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(', ') : String(value)
}

const rowOf = <R>(runs: readonly R[], name: string, description: string, value: (run: R) => unknown): Row => ({
  name,
  description,
  values: runs.map(run => print(value(run))),
})

const commonRows = (runs: readonly Run[]): readonly Row[] => [
  rowOf(runs, 'directory', 'of the run', ({ directory }) => directory),
  rowOf(runs, 'dataset', 'images', ({ dataset }) => dataset),
  rowOf(runs, 'data', 'directory of the images', ({ data }) => data ?? 'embedded'),
  ...(runs.some(({ imageSize }) => imageSize !== undefined)
    ? [rowOf(runs, 'imageSize', 'height and width they were brought to', ({ imageSize }) => imageSize)]
    : []),
]

const optionRows = <C extends object>(
  runs: readonly { readonly config: C }[],
  options: Readonly<Record<keyof C & string, { readonly description: string }>>,
): readonly Row[] =>
  (Object.keys(options) as (keyof C & string)[]).map(name =>
    rowOf(runs, name, options[name].description, ({ config }) => config[name]),
  )

const differs = ({ values }: Row): boolean => new Set(values).size > 1

const configurationTable = (label: string, runs: readonly Run[], rows: readonly Row[]): Html =>
  table({
    label,
    head: [label, ...runs.map(({ name }) => name), ''],
    rows: rows.map((row): readonly Content[] => [
      html`${row.name}${differs(row) && html` <strong class="differs">≠<span class="hidden"> differs</span></strong>`}`,
      ...row.values.map(value => (differs(row) ? html`<mark>${value}</mark>` : value)),
      html`<small>${row.description}</small>`,
    ]),
    text: true,
  })

/** Every setting of every run; where runs of a kind differ, it is marked. */
export const configuration = (searches: Indexed<SearchRun>, trainings: Indexed<TrainingRun>): PageSection => {
  const searchRuns = searches.map(({ run }) => run)
  const trainingRuns = trainings.map(({ run }) => run)
  return section({
    id: 'configuration',
    title: 'Configuration',
    content: html`${
      searchRuns.length > 0 &&
      details(
        'configuration-searches',
        'Every setting of the searches',
        configurationTable('Searches', searchRuns, [
          ...commonRows(searchRuns),
          ...optionRows(searchRuns, searchOptions),
        ]),
      )
    }${
      trainingRuns.length > 0 &&
      details(
        'configuration-trainings',
        'Every setting of the trainings',
        configurationTable('Trainings', trainingRuns, [
          ...commonRows(trainingRuns),
          rowOf(trainingRuns, 'initFrom', 'the run whose weights it began with', ({ initFrom }) => initFrom),
          rowOf(trainingRuns, 'teacher', 'the trained Parent that it learned from', ({ teacher }) => teacher),
          ...optionRows(trainingRuns, trainingOptions),
        ]),
      )
    }`,
  })
}
