export type { Model } from './model.js'
