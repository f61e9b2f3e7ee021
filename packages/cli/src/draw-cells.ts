import type { Genotype } from '@cpnas/supernet'

/** `drawCells` of @cpnas/report, whose libraries for plots and graphs take a while to load: only where something is drawn. */
export const drawCells = async (genotype: Genotype): Promise<string> =>
  (await import('@cpnas/report')).drawCells(genotype)
