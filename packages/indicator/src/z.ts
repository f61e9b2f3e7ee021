/**
 * The score of one sampled architecture, given to each of its operations: z = betaP * (A_P - A_C) + A_C, which is betaP * A_P + (1 - betaP)
 * * A_C. The accuracies of Parent and Child are fractions in 0..1; betaP >= 0 weighs the Parent. Source: CP-NAS; the value of betaP is not
 * stated there, only that accuracy rises with it and falls from 2 on. No value is checked here.
 */
export const z = (accuracyParent: number, accuracyChild: number, betaP: number): number =>
  betaP * (accuracyParent - accuracyChild) + accuracyChild
