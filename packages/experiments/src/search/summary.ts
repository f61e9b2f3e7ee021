import { isDeepStrictEqual } from 'node:util'
import { evaluators, type SampleEntry, type SearchConfig, type SearchState } from '@cpnas/search'
import { count, type DataFacts, type Genotype, type NetworkKind, type NetworkSpec, specFor } from '@cpnas/supernet'

/** Parameters of a network by precision. */
export interface Size {
  readonly binary: number
  readonly float: number
}

/** The result of a finished search. */
export interface SearchSummary {
  readonly genotype: Genotype
  /**
   * Validation accuracies, 0..1: of CP-NAS the mean over the samples of the last round, architectures one drop away from the
   * genotype; of a relaxed search those of all operations together after the last epoch; of others those of the genotype itself.
   */
  readonly accuracyChild: number
  readonly accuracyParent: number | undefined
  readonly accuraciesOf: 'last round' | 'last epoch' | 'found sample'
  /** Accuracy of guessing, 1 / classes. */
  readonly chance: number
  readonly samples: number
  readonly child: Size
  readonly parent: Size
  /** Of this run; a resumed one counts from the resumption. */
  readonly seconds: number
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Parameters of the network of a genotype, as Child and as Parent. */
export const networkSizes = (
  spec: NetworkSpec,
  genotype: Genotype,
): { readonly child: Size; readonly parent: Size } => {
  const sizeOf = (kind: NetworkKind): Size => {
    const { binary, float } = count(spec, genotype, kind)
    return { binary: binary.parameters, float: float.parameters }
  }
  return { child: sizeOf('child'), parent: sizeOf('parent') }
}

/** The result of a search that ended in this state. */
export const summarizeSearch = (
  config: SearchConfig,
  data: DataFacts,
  genotype: Genotype,
  state: SearchState,
  seconds: number,
): SearchSummary => {
  const samples = state.history.filter((entry): entry is SampleEntry => entry.type === 'sample')
  const found = samples.filter(({ architecture }) => isDeepStrictEqual(architecture, genotype)).slice(0, 1)
  const accuraciesOf = evaluators[config.evaluator]!.relaxes
    ? 'last epoch'
    : found.length === 0 || samples.some(({ round }) => round > 1)
      ? 'last round'
      : 'found sample'
  const judged = {
    'last round': () => samples.filter(({ round }) => round === samples.at(-1)?.round),
    'last epoch': () => samples.slice(-1),
    'found sample': () => found,
  }[accuraciesOf]()
  return {
    genotype,
    accuracyChild: mean(judged.map(entry => entry.accuracyChild)),
    accuracyParent: judged.some(entry => entry.accuracyParent === undefined)
      ? undefined
      : mean(judged.map(entry => entry.accuracyParent!)),
    accuraciesOf,
    chance: 1 / data.classNames.length,
    samples: samples.length,
    ...networkSizes(specFor(config, data), genotype),
    seconds,
  }
}
