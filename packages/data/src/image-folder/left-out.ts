/** Files of a folder that are not used, by the reason. */
export interface LeftOut {
  /** What they are, e.g. `.bmp files, a format that cannot be read`. */
  readonly what: string
  readonly count: number
  /** Path of the first one. */
  readonly example: string
}

/** Counts files that are left out, in the order in which the reasons first appear. */
export class LeftOutCounter {
  readonly #found = new Map<string, { count: number; example: string }>()

  add(what: string, path: string, count = 1): void {
    const known = this.#found.get(what)
    if (known === undefined) this.#found.set(what, { count, example: path })
    else known.count += count
  }

  get all(): readonly LeftOut[] {
    return [...this.#found].map(([what, { count, example }]) => ({ what, count, example }))
  }
}
