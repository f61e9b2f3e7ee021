export { clipLatent, latentLimit } from './clip-latent.js'
export { type Estimator, sign, signActivation } from './estimator.js'
export { type ReconstructOptions, reconstruct } from './reconstruct.js'
export { channelScale, layerScale, type Scale } from './scale.js'
