/** Who can work for whom: the version of cpnas, and the images. */
export interface Identity {
  readonly version: string
  readonly images: { readonly title: string; readonly digest: string }
}

/** A process that works, as all can see it. */
export interface WorkerRecord extends Identity {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** The engine in one line, and how it rounds: engines of the same digits round alike. */
  readonly engine: string
  readonly rounding: string
  readonly threads: number
  /** ISO 8601. */
  readonly since: string
  /** Tasks that it has finished, those that failed, and the seconds that the finished ones took. */
  readonly finished: number
  readonly failed: number
  readonly seconds: number
  readonly task: { readonly label: string; readonly since: string; readonly fraction: number } | null
}

/** Where a process is, for people. */
export const placeOf = ({ host, pid }: Pick<WorkerRecord, 'host' | 'pid'>): string => `${host}, process ${pid}`

/** A process that gives work out. */
export interface RunRecord extends Identity {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** For people: the name of its directory. */
  readonly label: string
  /** The rounding that it asks of its workers; null: any. */
  readonly rounding: string | null
  readonly since: string
}

/** Tasks for one version and one data set are in one queue. */
export const queueName = ({ version, images }: Identity): string => `${version}-${images.digest.slice(0, 16)}`

/** Why a worker cannot work for a run, seen from the worker; undefined if it can. */
export const mismatch = (
  worker: Pick<WorkerRecord, 'version' | 'images' | 'rounding'>,
  run: Pick<RunRecord, 'version' | 'images' | 'rounding'>,
): string | undefined => {
  if (worker.version !== run.version) return `is cpnas ${worker.version}, not ${run.version}`
  if (worker.images.digest !== run.images.digest)
    return worker.images.title === run.images.title
      ? `has other images of ${worker.images.title}`
      : `has ${worker.images.title}, not ${run.images.title}`
  return run.rounding === null || run.rounding === worker.rounding ? undefined : 'has an engine that rounds differently'
}
