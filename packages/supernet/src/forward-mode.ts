import type { TensorRecord } from '@cpnas/backends'
import type { CellKind } from './cell.js'

/** Mean and biased variance over a batch, [channels] each. */
export interface Moments<T> {
  readonly mean: T
  readonly variance: T
}

/** An operation of an edge of a cell; `cell` counts from 0. */
export interface OperationPlace {
  readonly cell: number
  readonly kind: CellKind
  readonly edge: number
  readonly operation: string
}

/** How a network is run: a search uses the defaults; a training or an evaluation sets what it needs. */
export interface ForwardMode<T> {
  /**
   * Fixed statistics of every batch normalization, `NAME.mean` and `NAME.variance`: evaluation. ShapeError names one that is
   * missing. Default: mean and variance of the batch. Names: see `normalizationShapes`.
   */
  readonly statistics?: TensorRecord<T> | undefined
  /**
   * Called with the batch statistics of every normalization, in the order of `normalizationShapes`: tensors of the scope that the network
   * is run in, without gradient. Not called where `statistics` are given.
   */
  readonly observe?: ((name: string, moments: Moments<T>) => void) | undefined
  /**
   * Drop-path: the mask [batch, 1, 1, 1] that the normalized output of an edge is multiplied by before its node is summed, 0 or
   * 1 / (share of edges kept) for each image; undefined for none. Asked once for each edge in their order, by its name
   * (`cells.2.edges.5.sep_conv_3x3`), but not for identities (`skip_connect` of stride 1) and `none`. Default: no masks.
   * Source: DARTS's final training.
   */
  readonly dropPath?: ((name: string) => T | undefined) | undefined
  /**
   * What the normalized output of an operation is multiplied by before its node is summed, a scalar or anything that
   * broadcasts over [batch, height, width, channels]; undefined for 1. Asked for every operation but those without terms (`none`).
   * A gradient flows to it, so DARTS's architecture weights are parameters that this gives. Default: 1 for all.
   */
  readonly weight?: ((place: OperationPlace) => T | undefined) | undefined
  /**
   * What all that an edge adds to its node is multiplied by, as `weight`. Asked for every edge with terms. Default: 1 for all.
   * Source: the edge normalization of PC-DARTS.
   */
  readonly edgeWeight?: ((place: Omit<OperationPlace, 'operation'>) => T | undefined) | undefined
  /**
   * Called with the value of every intermediate node of every cell in order, by its name (`cells.2.nodes.0`): a tensor of the cell's scope.
   * Default: not called.
   */
  readonly node?: ((name: string, value: T) => void) | undefined
  /** Whether to compute `NetworkOutput.auxiliary` too: of a network whose spec has the auxiliary head. Default false. */
  readonly auxiliary?: boolean | undefined
}
