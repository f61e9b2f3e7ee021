import type { Attribute, OnnxNode, OnnxTensor } from './proto.js'

/** Grows a graph. What has been made of the same values by the same operator is not made again. */
export interface Builder {
  /** A constant of float32. */
  constant(shape: readonly number[], values: ArrayLike<number>): string
  /** A constant of int64. */
  integers(values: readonly number[]): string
  /** The value that an operator makes of others. Default attributes: the operator's. */
  apply(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string
  readonly nodes: readonly OnnxNode[]
  readonly constants: readonly OnnxTensor[]
}

export const builder = (): Builder => {
  const nodes: OnnxNode[] = []
  const constants: OnnxTensor[] = []
  const made = new Map<string, string>()

  const once = (key: string, make: () => string): string => {
    const known = made.get(key)
    if (known !== undefined) return known
    const name = make()
    made.set(key, name)
    return name
  }

  const add = (shape: readonly number[], values: OnnxTensor['values']): string => {
    const name = `constant.${constants.length}`
    constants.push({ name, shape, values })
    return name
  }

  return {
    nodes,
    constants,
    constant: (shape, values) => add(shape, Float32Array.from(values)),
    integers: values => once(`integers ${values}`, () => add([values.length], BigInt64Array.from(values, BigInt))),
    apply: (operator, inputs, attributes = {}) =>
      once(JSON.stringify([operator, inputs, attributes]), () => {
        const output = `${operator.toLowerCase()}.${nodes.length}`
        nodes.push({ operator, inputs, output, attributes })
        return output
      }),
  }
}
