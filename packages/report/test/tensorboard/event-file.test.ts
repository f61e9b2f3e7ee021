import { eventFile, scalarsOf } from '@cpnas/report'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskedCrc } from '../../src/tensorboard/record.js'
import { epoch, history, sample, saved, searchRun, start, trainingRun } from '../support/runs.js'
import { crc32c, decode, records } from './decode.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('the checksum that the decoder checks by is CRC-32C', () => {
  // RFC 3720, B.4, and the check value of the catalogue of CRCs.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(bytes('123456789'))).toBe(0xe3069283)
})

test('the masked checksum turns it by 15 bits and adds a constant', () => {
  // 0xe3069283 turned right by 15 bits is 0x2507c60d; and 0xa282ead8.
  expect(maskedCrc(bytes('123456789'))).toBe(0xc78ab0e5)
})

test('a search is written step by step, its warm-up first', () => {
  const events = records(eventFile(searchRun(), 1700000000.5)).map(decode)
  expect(events[0]).toEqual({ wallTime: 1700000000.5, version: 'brain.Event:2', values: [] })
  expect(events.slice(1).map(({ step }) => step)).toEqual([0n, 1n, 2n, 3n, 4n])
  expect(events[1]!.values).toEqual([
    { tag: 'loss/child training', value: 2.375 },
    { tag: 'loss/parent training', value: 1.875 },
  ])
  expect(events[2]!.values).toContainEqual({ tag: 'accuracy/child', value: Math.fround(0.21) })
  expect(events[5]!.values).toContainEqual({ tag: 'round', value: 2 })
})

test('a step has the time at which it was saved, or the one given where the journal does not tell', () => {
  const journal = [start('12:00:00', 0), saved('12:00:10', 1), start('12:01:00', 2), saved('12:01:10', 6)]
  const events = records(eventFile(searchRun({ journal }), 5)).map(decode)
  const noon = 1777636800
  // The drop, the fifth entry, has no step.
  expect(events.map(({ wallTime }) => wallTime)).toEqual([noon + 10, noon + 10, 5, noon + 70, noon + 70, noon + 70])
  const trained = [start('12:00:00', 0), saved('12:00:10', 1), saved('12:00:20', 2)]
  expect(records(eventFile(trainingRun({ journal: trained }), 5)).map(record => decode(record).wallTime)).toEqual([
    noon + 10,
    noon + 10,
    noon + 20,
  ])
})

test('two warm-up epochs are at -1 and 0', () => {
  const warmups = [history[0]!, history[0]!]
  const events = records(eventFile(searchRun({ history: warmups }), 0)).map(decode)
  expect(events.slice(1).map(({ step }) => step)).toEqual([-1n, 0n])
})

test('a training has its epochs over all stages, its terms, and its test at the end', () => {
  const { accuracyValidation: _, ...untested } = epoch(1, 0.5, 2)
  const run = trainingRun({ history: [epoch(1, 0.5), untested] })
  const tags = (step: number) =>
    scalarsOf(run)
      .filter(scalar => scalar.step === step)
      .map(({ tag }) => tag)
  expect(tags(1)).toEqual([
    'accuracy/training',
    'accuracy/validation',
    'loss/training',
    'loss/validation',
    'learning rate',
    'loss terms/crossEntropy',
    'loss terms/filter',
  ])
  expect(tags(2)).not.toContain('accuracy/validation')
  expect(tags(2)).toContain('test best/top-1')
  expect(tags(2)).toContain('test last/calibration error')
})

test('every number comes back as a float32, whatever the search', () =>
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), accuracies => {
      const run = searchRun({ history: accuracies.map((accuracy, i) => sample(1, i + 1, accuracy)) })
      const decoded = records(eventFile(run, 0))
        .map(decode)
        .flatMap(({ step, values }) => values.map(({ tag, value }) => ({ tag, step: Number(step), value })))
      expect(decoded).toEqual(scalarsOf(run).map(scalar => ({ ...scalar, value: Math.fround(scalar.value) })))
    }),
  ))
