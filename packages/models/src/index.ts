export { type ModelCard, models } from './cards.js'
export { load, ModelError, urlOf } from './load.js'
