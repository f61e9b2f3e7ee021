import { type Run, type SearchRun, secondsWorked, type TrainingRun } from '@cpnas/runs'
import { type SampleEntry, strategyOf } from '@cpnas/search'
import { bestEntry } from '@cpnas/training'
import { section, table } from '../page/elements.js'
import { clock, kilobytes, mean, orDash, percent } from '../page/format.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Indexed } from './indexed.js'

const samplesOf = ({ history }: SearchRun): readonly SampleEntry[] =>
  history.filter(({ type }) => type === 'sample') as readonly SampleEntry[]

const progress = (run: Run): string => {
  const done =
    run.kind === 'search'
      ? `${samplesOf(run).length} of ${strategyOf(run.config).length.samples} architectures`
      : `${run.history.length} of ${run.config.epochs * run.config.stages} epochs`
  const seconds = secondsWorked(run.journal)
  return seconds === undefined ? done : `${done} in ${clock(seconds)}`
}

const states = { running: 'running', stopped: 'unfinished', finished: 'finished' } as const

const runCells = (run: Run): readonly (Html | string)[] => [
  html`<span class="state ${run.state}">${states[run.state]}</span>`,
  progress(run),
  run.dataset,
  `${run.backend}, ${run.threads} ${run.threads === 1 ? 'thread' : 'threads'}`,
]

const searchTable = (runs: Indexed<SearchRun>): Html =>
  table({
    label: 'Searches',
    head: ['search', 'state', 'done', 'data', 'engine', 'Child, last round', 'Parent, last round', 'model file'],
    rows: runs.map(({ run }) => {
      const samples = samplesOf(run)
      const last = samples.filter(({ round }) => round === samples.at(-1)!.round)
      return [
        run.name,
        ...runCells(run),
        orDash(mean(last.map(entry => entry.accuracyChild)), percent),
        orDash(mean(last.flatMap(({ accuracyParent }) => accuracyParent ?? [])), percent),
        orDash(run.summary?.bytes, kilobytes),
      ]
    }),
    text: true,
  })

const networks = { binary: 'Child', float: 'Parent' } as const

const trainingTable = (runs: Indexed<TrainingRun>): Html =>
  table({
    label: 'Trainings',
    head: [
      'training',
      'network',
      'state',
      'done',
      'data',
      'engine',
      'best validation',
      'test, best',
      'test, last',
      'model file',
    ],
    rows: runs.map(({ run }) => {
      const best = bestEntry(run.history)
      return [
        run.name,
        networks[run.config.precision],
        ...runCells(run),
        orDash(best?.accuracyValidation, accuracy => `${percent(accuracy)} (epoch ${best!.epoch})`),
        orDash(run.evaluation?.best.top1, percent),
        orDash(run.evaluation?.last.top1, percent),
        orDash(run.summary?.bytes, kilobytes),
      ]
    }),
    text: true,
  })

/** Every run in a line: how far it is, and what it has reached. */
export const overview = (searches: Indexed<SearchRun>, trainings: Indexed<TrainingRun>): PageSection =>
  section({
    id: 'overview',
    title: 'Runs',
    content: html`${searches.length > 0 && searchTable(searches)}${trainings.length > 0 && trainingTable(trainings)}
${searches.length > 0 && html`<p class="note">Of a search: means of the validation accuracies of the architectures of its last round.</p>`}`,
  })
