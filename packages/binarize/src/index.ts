export { clipLatent } from './clip-latent.js'
export { type Estimator, sign } from './estimator.js'
export { type ReconstructOptions, reconstruct } from './reconstruct.js'
export { channelScale, layerScale, type Scale } from './scale.js'
