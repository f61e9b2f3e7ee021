import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Either, left, map, right, toError, tryCatch } from 'fp-ts/lib/Either.js'
import { type CellKind, cellKinds } from './cell.js'
import type { Space } from './space.js'
import { cpNas } from './spaces/cp-nas.js'
import { spaces } from './spaces/index.js'

/** The name of the operation of every edge, in the order of the space's edges, of the normal and of the reduction cells. */
export interface Genotype {
  readonly normal: readonly string[]
  readonly reduce: readonly string[]
}

/** The names of the operations of every edge: of a part of a space, or of a supernet. */
export interface Mixture {
  readonly normal: readonly (readonly string[])[]
  readonly reduce: readonly (readonly string[])[]
}

/** What a network's cells compute: on every edge one operation, or several. */
export type Architecture = Genotype | Mixture

/** The operations of an edge. */
export const operationsOn = (architecture: Architecture, kind: CellKind, edge: number): readonly string[] => {
  const choice = architecture[kind][edge] ?? []
  return typeof choice === 'string' ? [choice] : choice
}

/** The genotype as its space has it: where reduction cells have the normal cells' architecture, `reduce` is `normal`. */
export const inSpace = ({ sharesCell = false }: Pick<Space, 'sharesCell'>, genotype: Genotype): Genotype =>
  sharesCell ? { normal: genotype.normal, reduce: genotype.normal } : genotype

/** A genotype and the space that its edges and operations are of: what a genotype file holds. */
export interface GenotypeFile {
  readonly space: Space
  readonly genotype: Genotype
}

/** The text of a genotype file: JSON with the search space's name (default `cp-nas`), one line a cell kind. */
export const printGenotype = (
  { normal, reduce }: Genotype,
  { name, nodes }: Pick<Space, 'name' | 'nodes'> = cpNas,
): string => `{
  "space": ${JSON.stringify(name)},
  "nodes": ${nodes},
  "normal": ${JSON.stringify(normal)},
  "reduce": ${JSON.stringify(reduce)}
}
`

/**
 * Reads the text of a genotype file. `where` names its origin in the error, which is an InvalidGenotype that says what is
 * wrong: no JSON, an unknown search space, another number of nodes or edges, an unknown operation. Fields that a genotype
 * does not have are ignored.
 */
export const parseGenotype = (text: string, where = 'genotype'): Either<CpnasError, GenotypeFile> => {
  const json = tryCatch((): unknown => JSON.parse(text.replace(/^\ufeff/, '')), toError)
  return json._tag === 'Right'
    ? validateGenotype(json.right, where)
    : left(invalid(where, 'is not JSON', `Give ${exampleOf(cpNas)}`))
}

/** As `parseGenotype`, for a value that has been read from JSON already. */
export const validateGenotype = (value: unknown, where = 'genotype'): Either<CpnasError, GenotypeFile> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return left(invalid(where, 'is not a JSON object', `Give ${exampleOf(cpNas)}`))
  const file: Partial<Record<string, unknown>> = value
  const space = spaces.find(({ name }) => name === file.space)
  if (space === undefined) {
    const names = spaces.map(({ name }) => `"${name}"`)
    return left(invalid(where, `"space" is ${show(file.space)}`, `Known are ${names.join(', ')}`))
  }
  return map((genotype: Genotype) => ({ space, genotype }))(checkEdges(space, file, where))
}

const checkEdges = (
  space: Space,
  file: Partial<Record<string, unknown>>,
  where: string,
): Either<CpnasError, Genotype> => {
  if (file.nodes !== space.nodes)
    return left(
      invalid(
        where,
        `"nodes" is ${show(file.nodes)}`,
        `A cell of "${space.name}" has ${space.nodes} intermediate nodes`,
      ),
    )
  const operations = space.operations.map(({ name }) => name)
  for (const kind of cellKinds) {
    const list = file[kind]
    if (!Array.isArray(list))
      return left(
        invalid(
          where,
          `"${kind}" is ${show(list)}`,
          `Give the ${space.edges.length} operations of the ${kind} cell's edges`,
        ),
      )
    if (list.length !== space.edges.length)
      return left(
        invalid(
          where,
          `"${kind}" has ${list.length} operations`,
          `A cell has ${space.edges.length} edges; give one operation an edge`,
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
  const genotype = { normal: file.normal as string[], reduce: file.reduce as string[] }
  return space.sharesCell && genotype.reduce.join() !== genotype.normal.join()
    ? left(
        invalid(
          where,
          '"reduce" differs from "normal"',
          `All cells of "${space.name}" have one architecture; give the same operations twice`,
        ),
      )
    : right(genotype)
}

const exampleOf = ({ name, nodes, edges }: Space): string =>
  `{"space":"${name}","nodes":${nodes},"normal":[${edges.length} operations],"reduce":[${edges.length} operations]}`

const invalid = (where: string, problem: string, remedy: string) =>
  cpnasError('InvalidGenotype', where, problem, remedy)

const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80))
