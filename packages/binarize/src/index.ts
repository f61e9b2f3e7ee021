export { clipLatent, latentLimit } from './clip-latent.js'
export { type Estimator, type EstimatorName, estimatorOf, estimators, sign } from './estimator.js'
export { type ReconstructOptions, reconstruct } from './reconstruct.js'
export { channelScale, layerScale, type Scale, type ScaleName, scaleOf, scales } from './scale.js'
