import type { Run, SearchRun, TrainingRun } from '@cpnas/runs'
import { page } from './page/page.js'
import { cells } from './sections/cells.js'
import { comparison, type NamedComparison } from './sections/comparison.js'
import { configuration } from './sections/configuration.js'
import { type Environment, environment } from './sections/environment.js'
import { evaluation } from './sections/evaluation.js'
import type { Indexed } from './sections/indexed.js'
import { indicator } from './sections/indicator.js'
import { layers } from './sections/layers.js'
import { overview } from './sections/overview.js'
import { searchCurves } from './sections/search-curves.js'
import { trainingCurves } from './sections/training-curves.js'
import { verdict } from './sections/verdict.js'

/** Options of a page. */
export interface ReportOptions {
  /** What the page was made with, by name, to be shown as such. Default: nothing. */
  readonly environment?: Environment
  /** What an image takes in the packed network of a training, on one thread of this machine, by the name of the run. Default: not known. */
  readonly milliseconds?: Readonly<Record<string, number>>
  /** Comparisons of strategies. Default: none. */
  readonly comparisons?: readonly NamedComparison[]
  /** Path of a script on the server that serves the page. Default: none: the page needs nothing but itself. */
  readonly script?: string
}

const ofKind = <K extends Run['kind']>(runs: Indexed<Run>, kind: K): Indexed<Extract<Run, { readonly kind: K }>> =>
  runs.filter((one): one is { run: Extract<Run, { readonly kind: K }>; index: number } => one.run.kind === kind)

/**
 * Runs as one HTML page that fetches nothing: how far they are, comparisons of strategies, curves (several runs overlaid), what they found, what was tested, settings
 * and environment. What a run does not have yet is left out. Text from a run is always escaped.
 */
export const renderReport = async (
  runs: readonly Run[],
  { environment: now = [], milliseconds = {}, comparisons = [], script }: ReportOptions = {},
): Promise<string> => {
  const all: Indexed<Run> = runs.map((run, index) => ({ run, index }))
  const searches: Indexed<SearchRun> = ofKind(all, 'search')
  const trainings: Indexed<TrainingRun> = ofKind(all, 'training')
  return page({
    title: `cpnas: ${[...runs, ...comparisons].map(({ name }) => name).join(', ')}`,
    sections: [
      verdict(searches, trainings, milliseconds),
      runs.length > 0 ? overview(searches, trainings) : undefined,
      comparison(comparisons),
      searchCurves(searches),
      indicator(searches),
      trainingCurves(trainings),
      evaluation(trainings),
      await cells(all),
      layers(all),
      ...(runs.length > 0 ? [configuration(searches, trainings), environment(all, now)] : []),
    ].filter(section => section !== undefined),
    ...(script === undefined ? {} : { script }),
  })
}
