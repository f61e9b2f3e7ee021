import type { Genotype, Space } from '@cpnas/supernet'

/** `drawCells` of @cpnas/report, loaded only where something is drawn, because its libraries for plots and graphs take a while to load. */
export const drawCells = async (genotype: Genotype, space: Space): Promise<string> =>
  (await import('@cpnas/report')).drawCells(genotype, space)
