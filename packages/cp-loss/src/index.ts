export { type Centers, initialCenters } from './centers.js'
export { compactnessLoss } from './compactness-loss.js'
export {
  type CpLossInputs,
  type CpLossOptions,
  type CpLossResult,
  type CpLossTerms,
  cpLoss,
  type ParentInputs,
} from './cp-loss.js'
export { featureLoss } from './feature-loss.js'
export { type FilterLossOptions, filterLoss } from './filter-loss.js'
export { updateCenters } from './update-centers.js'
