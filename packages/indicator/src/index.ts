export { abandon } from './abandon.js'
export { mean } from './mean.js'
export { softmax } from './softmax.js'
export { z } from './z.js'
