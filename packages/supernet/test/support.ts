import { edges, type Genotype, type NetworkSpec, type Operation, operations } from '@cpnas/supernet'
import fc from 'fast-check'

export const operation: fc.Arbitrary<Operation> = fc.constantFrom(...operations)

const cell = fc.array(operation, { minLength: edges.length, maxLength: edges.length })

export const genotype: fc.Arbitrary<Genotype> = fc.record({ normal: cell, reduce: cell })

export const spec: fc.Arbitrary<NetworkSpec> = fc.record({
  cells: fc.integer({ min: 1, max: 8 }),
  channels: fc.integer({ min: 1, max: 16 }),
  inChannels: fc.integer({ min: 1, max: 3 }),
  classes: fc.integer({ min: 2, max: 10 }),
  sepConvRepeat: fc.constantFrom(1, 2),
  prelu: fc.boolean(),
  preprocessPrecision: fc.constantFrom('binary', 'float'),
})

/** The same operation on every edge of a cell. */
export const uniform = (normal: Operation, reduce: Operation): Genotype => ({
  normal: edges.map(() => normal),
  reduce: edges.map(() => reduce),
})

/** An architecture with every operation in both cells. */
export const mixed: Genotype = {
  normal: [
    'sep_conv_3x3',
    'skip_connect',
    'dil_conv_3x3',
    'sep_conv_5x5',
    'max_pool_3x3',
    'avg_pool_3x3',
    'none',
    'dil_conv_5x5',
    'skip_connect',
    'sep_conv_3x3',
    'max_pool_3x3',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'avg_pool_3x3',
  ],
  reduce: [
    'max_pool_3x3',
    'sep_conv_3x3',
    'dil_conv_5x5',
    'skip_connect',
    'sep_conv_5x5',
    'avg_pool_3x3',
    'dil_conv_3x3',
    'none',
    'sep_conv_3x3',
    'skip_connect',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'max_pool_3x3',
    'sep_conv_3x3',
  ],
}
