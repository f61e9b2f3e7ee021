/** zbar, the mean of an operation's z over the T >= 1 passes of a round. Source: CP-NAS. */
export const mean = (zs: readonly number[]): number => zs.reduce((sum, value) => sum + value, 0) / zs.length
