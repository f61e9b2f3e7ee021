/** A half-period of a cosine. */
export interface CosineOptions {
  readonly initial: number
  readonly minimum: number
  /** Steps (here: epochs) from the initial to the minimal rate. */
  readonly total: number
}

/** Learning rate at a step, counted from 0: minimum + (initial - minimum) * (1 + cos(pi * step / total)) / 2. Source: SGDR, arXiv 1608.03983. */
export const cosine = ({ initial, minimum, total }: CosineOptions, step: number): number =>
  minimum + ((initial - minimum) * (1 + Math.cos((Math.PI * step) / total))) / 2
