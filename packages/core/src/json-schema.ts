import type { OptionRange, OptionTable } from './options.js'

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

const bounds = (limits: Readonly<Record<string, number | undefined>>): JsonSchema =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))

/** Of the values that a range takes. That the smaller number of an interval comes first cannot be said. */
const schemaOfRange = (range: OptionRange): JsonSchema => {
  switch (range.kind) {
    case 'integer':
      return { type: 'integer', ...bounds({ minimum: range.minimum, maximum: range.maximum }) }
    case 'number': {
      const { minimum, above, maximum, below } = range
      return { type: 'number', ...bounds({ minimum, exclusiveMinimum: above, maximum, exclusiveMaximum: below }) }
    }
    case 'flag':
      return { type: 'boolean' }
    case 'choice':
      return { enum: range.values }
    case 'list': {
      const some = { type: 'array', items: { enum: range.values }, minItems: range.minimum, uniqueItems: true }
      return range.all ? { anyOf: [{ const: 'all' }, some] } : some
    }
    case 'interval': {
      const side = { type: 'number', exclusiveMinimum: 0, maximum: 1 }
      return { anyOf: [{ enum: range.words }, { type: 'array', items: side, minItems: 2, maxItems: 2 }] }
    }
  }
}

/** A JSON Schema of records that have some of a table's options, for editors that complete and check them. */
export const schemaOf = <C extends object>(table: OptionTable<C>, title: string): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title,
  type: 'object',
  properties: {
    $schema: { type: 'string' },
    ...Object.fromEntries(
      (Object.keys(table) as (keyof C & string)[]).map(name => [
        name,
        { description: table[name].description, ...schemaOfRange(table[name].range) },
      ]),
    ),
  },
  additionalProperties: false,
})
