import type { Space } from '../space.js'
import { cpNas } from './cp-nas.js'
import { residual } from './residual.js'
import { tiny } from './tiny.js'

/** Every space that genotype files and options can name. To add one, add it here. */
export const spaces: readonly Space[] = [cpNas, residual, tiny]
