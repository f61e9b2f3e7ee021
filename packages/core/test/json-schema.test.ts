import { checkOptions, choice, flag, integer, interval, type OptionTable, schemaOf, share } from '@cpnas/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'

const table = {
  count: { range: integer(1, 3), description: 'how many' },
  seed: { range: integer(0), description: 'a seed' },
  share: { range: share, description: 'how much of it' },
  rate: { range: { kind: 'number', minimum: 0, below: 1 }, description: 'how fast' },
  flip: { range: flag, description: 'whether' },
  edges: { range: choice('all', 2), description: 'which' },
  names: { range: { kind: 'list', values: ['a', 'b', 'c'], minimum: 2, all: true }, description: 'some names' },
  scale: { range: interval('auto', 'none'), description: 'from and to' },
} as const satisfies OptionTable<Record<string, unknown>>

const valid: Readonly<Record<keyof typeof table, unknown>> = {
  count: 1,
  seed: 0,
  share: 1,
  rate: 0,
  flip: true,
  edges: 2,
  names: ['a', 'b'],
  scale: [0.5, 1],
}

const values = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2, 3, 4, 0.5, 1.5, true, 'all', 'auto', 'none', 'a', null),
  fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
  fc.tuple(fc.constantFrom(0, 0.25, 0.5), fc.constantFrom(0.5, 1, 2)),
)

test('a schema accepts what checkOptions does', () => {
  const validate = new Ajv2020({ strict: true }).compile(schemaOf<Record<string, unknown>>(table, 'a test'))
  expect(validate(valid)).toBe(true)
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(table)), values, (name, value) => {
      const config = { ...valid, [name]: value }
      expect(validate(config)).toBe(isRight(checkOptions<Record<string, unknown>>(table, config)))
    }),
    { numRuns: 500 },
  )
})

test('options may be absent; others are refused; editors find the schema by $schema', () => {
  const validate = new Ajv2020().compile(schemaOf<Record<string, unknown>>(table, 'a test'))
  expect(validate({})).toBe(true)
  expect(validate({ $schema: './schema.json', seed: 4 })).toBe(true)
  expect(validate({ sead: 4 })).toBe(false)
})
