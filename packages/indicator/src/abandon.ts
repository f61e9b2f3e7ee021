/**
 * Index of the operation to drop from an edge: the one with the lowest indicator. At a tie it is the one that stands
 * first in the edge's list (not stated in the source): lists begin with the operations without weights, and of those a
 * search should rather have too few than too many, for it is their excess that ruins differentiable searches.
 *
 * The scores may be e or zbar, for the softmax is monotone and never changes which operation is lowest; but where zbars
 * differ by less than the precision of their exponentials, or by more than about 700, only zbar tells them apart.
 */
export const abandon = (scores: readonly number[]): number => scores.indexOf(Math.min(...scores))
