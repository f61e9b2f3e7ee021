import { type Run, stretches } from '@cpnas/runs'
import { details, section, table } from '../page/elements.js'
import { clock, gibibytes, orDash, plural } from '../page/format.js'
import { type Content, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Indexed } from './indexed.js'

/** Facts by name, in their order. */
export type Environment = readonly (readonly [name: string, value: string])[]

/** 2026-05-01T12:34:56.789Z to "2026-05-01 12:34:56". */
const moment = (time: string): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ')

/** A row for every process that worked on a run; one of dashes where nothing is recorded. */
const rowsOf = ({ name, backend, threads, journal }: Run): readonly (readonly Content[])[] => {
  const worked = stretches(journal)
  const unknown = orDash(undefined, String)
  return worked.length === 0
    ? [[name, unknown, unknown, unknown, backend, threads, unknown, unknown]]
    : worked.map(({ start, seconds, added }) => [
        name,
        moment(start.time),
        clock(seconds),
        added,
        start.engine,
        start.threads,
        `${start.cpu}, ${plural(start.cores, 'core')}, ${gibibytes(start.memory)}, ${start.system}`,
        `cpnas ${start.cpnas}, Node.js ${start.node}`,
      ])
}

/** A row for every machine and engine of a queue whose workers did a part of a run. */
const workerRowsOf = ({ name, journal }: Run): readonly (readonly Content[])[] => {
  const parts = journal.flatMap(entry =>
    entry.type === 'saved' && entry.by ? [{ ...entry.by, time: entry.time }] : [],
  )
  const workers = new Map<string, typeof parts>()
  for (const part of parts) {
    const worker = JSON.stringify([part.host, part.engine, part.rounding, part.threads])
    workers.set(worker, [...(workers.get(worker) ?? []), part])
  }
  return [...workers.values()].map(done => {
    const { host, engine, rounding, threads } = done[0]!
    const seconds = done.reduce((sum, one) => sum + one.seconds, 0) / done.length
    return [name, host, engine, rounding, threads, done.length, seconds.toFixed(1), moment(done.at(-1)!.time)]
  })
}

/** A row for every worker that a running search has now. */
const rowsNow = ({ name, workers = [] }: Run): readonly (readonly Content[])[] =>
  workers.map(({ host, pid, threads, task, finished, failed, seconds }) => [
    name,
    `${host}, process ${pid}`,
    threads,
    task === null ? 'nothing' : `${task.label}, ${Math.round(100 * task.fraction)} %`,
    finished,
    orDash(finished === 0 ? undefined : seconds / finished, mean => mean.toFixed(1)),
    failed,
  ])

/** When and where runs were worked on, as they recorded it, and what the page was made with. */
export const environment = (runs: Indexed<Run>, now: Environment): PageSection => {
  const workers = runs.flatMap(({ run }) => workerRowsOf(run))
  const working = runs.flatMap(({ run }) => rowsNow(run))
  return section({
    id: 'environment',
    title: 'Environment',
    content: details(
      'environment-all',
      'When and where runs were worked on, and this page was made',
      html`<h3>Of the runs, as recorded by them</h3>
${table({
  label: 'Work on every run',
  head: ['run', 'from (UTC)', 'time', 'lines of history', 'engine', 'threads', 'machine', 'versions'],
  rows: runs.flatMap(({ run }) => rowsOf(run)),
  text: true,
})}
<p class="note">A row for every process that worked on a run. The time of one that was killed ends with what it saved last.</p>
${
  working.length === 0
    ? ''
    : html`<h3>Of the workers that are there now</h3>
${table({
  label: 'Workers that are there now',
  head: ['run', 'worker', 'threads', 'works on', 'finished', 'seconds each', 'failed'],
  rows: working,
  text: true,
})}`
}
${
  workers.length === 0
    ? ''
    : html`<h3>Of the workers of a queue</h3>
${table({
  label: 'Work of the workers of a queue',
  head: ['run', 'machine', 'engine', 'rounding', 'threads', 'lines of history', 'seconds each', 'last (UTC)'],
  rows: workers,
  text: true,
})}`
}
<h3>Of this page: where and when it was made, which need not be where the runs were</h3>
${table({ label: 'Environment of this page', head: ['', 'now'], rows: now, text: true })}`,
    ),
  })
}
