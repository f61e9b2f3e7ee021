import { section, table } from '../page/elements.js'
import { html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Run } from '../run.js'
import type { Indexed } from './indexed.js'

/** Facts by name, in their order. */
export type Environment = readonly (readonly [name: string, value: string])[]

/** What runs recorded of where they ran, and what the report was made with. */
export const environment = (runs: Indexed<Run>, now: Environment): PageSection =>
  section({
    id: 'environment',
    title: 'Environment',
    content: html`<h3>Of the runs, as recorded by them</h3>
${table({
  label: 'Engine of every run',
  head: ['run', 'engine', 'threads'],
  rows: runs.map(({ run }) => [run.name, run.backend, run.threads]),
  text: true,
})}
<p class="note">Runs record their engine and its threads, not their machine.</p>
<h3>Of this page: where and when it was made, which need not be where the runs were</h3>
${table({ label: 'Environment of this page', head: ['', 'now'], rows: now, text: true })}`,
  })
