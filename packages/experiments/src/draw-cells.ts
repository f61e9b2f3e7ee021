import type { Genotype, Space } from '@cpnas/supernet'

/** `drawCells` of @cpnas/report, whose libraries for plots and graphs take a while to load: only where something is drawn. */
export const drawCells = async (genotype: Genotype, space: Space): Promise<string> =>
  (await import('@cpnas/report')).drawCells(genotype, space)
