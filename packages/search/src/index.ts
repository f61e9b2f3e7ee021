export type { SearchConfig } from './config.js'
export * from './options.js'
export * from './presets.js'
export type * from './types.js'
