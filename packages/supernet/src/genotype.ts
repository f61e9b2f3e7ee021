import { type CpnasError, cpnasError } from '@cpnas/backends'
import { type Either, left, right, toError, tryCatch } from 'fp-ts/lib/Either.js'
import { cellKinds, edges, intermediateNodes } from './cell.js'
import { type Operation, operations } from './operations.js'

/** The operation of every edge, in the order of `edges`, of the normal and of the reduction cells. */
export interface Genotype {
  readonly normal: readonly Operation[]
  readonly reduce: readonly Operation[]
}

const space = 'cp-nas'

/** The text of a genotype file: JSON with the search space's name, one line a cell kind. */
export const printGenotype = ({ normal, reduce }: Genotype): string => `{
  "space": "${space}",
  "nodes": ${intermediateNodes},
  "normal": ${JSON.stringify(normal)},
  "reduce": ${JSON.stringify(reduce)}
}
`

/**
 * Reads the text of a genotype file. `where` names its origin in the error, which is an InvalidGenotype that says what is
 * wrong: no JSON, another search space, another number of nodes or edges, an unknown operation. Fields that a genotype
 * does not have are ignored.
 */
export const parseGenotype = (text: string, where = 'genotype'): Either<CpnasError, Genotype> => {
  const json = tryCatch((): unknown => JSON.parse(text.replace(/^\ufeff/, '')), toError)
  return json._tag === 'Right'
    ? validateGenotype(json.right, where)
    : left(invalid(where, 'is not JSON', `Give ${example}`))
}

/** As `parseGenotype`, for a value that has been read from JSON already. */
export const validateGenotype = (value: unknown, where = 'genotype'): Either<CpnasError, Genotype> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return left(invalid(where, 'is not a JSON object', `Give ${example}`))
  const file: Partial<Record<string, unknown>> = value
  if (file.space !== space)
    return left(invalid(where, `"space" is ${show(file.space)}`, `The only search space known is "${space}"`))
  if (file.nodes !== intermediateNodes)
    return left(
      invalid(
        where,
        `"nodes" is ${show(file.nodes)}`,
        `A cell of "${space}" has ${intermediateNodes} intermediate nodes`,
      ),
    )
  for (const kind of cellKinds) {
    const list = file[kind]
    if (!Array.isArray(list))
      return left(
        invalid(where, `"${kind}" is ${show(list)}`, `Give the ${edges.length} operations of the ${kind} cell's edges`),
      )
    if (list.length !== edges.length)
      return left(
        invalid(
          where,
          `"${kind}" has ${list.length} operations`,
          `A cell has ${edges.length} edges; give one operation an edge`,
        ),
      )
    const wrong = list.findIndex(name => !operations.includes(name))
    if (wrong >= 0)
      return left(
        invalid(
          where,
          `"${kind}" has the unknown operation ${show(list[wrong])} at edge ${wrong}`,
          `Known are ${operations.join(', ')}`,
        ),
      )
  }
  return right({ normal: file.normal as Operation[], reduce: file.reduce as Operation[] })
}

const example = `{"space":"${space}","nodes":${intermediateNodes},"normal":[${edges.length} operations],"reduce":[${edges.length} operations]}`

const invalid = (where: string, problem: string, remedy: string) =>
  cpnasError('InvalidGenotype', where, problem, remedy)

const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80))
