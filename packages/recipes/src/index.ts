export type { TrainingConfig } from './config.js'
export type * from './types.js'
