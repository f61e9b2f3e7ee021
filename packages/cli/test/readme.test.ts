import { expect, test } from 'vitest'
import { runReadmeExample } from '../../../test/support/readme-example.js'

test('the example of the README runs and prints what it says', () => {
  const { stdout, stderr, files } = runReadmeExample(import.meta.dirname, (program, directory) =>
    program.replace('--out example-run', `--out ${directory}`),
  )
  expect(stderr).toBe('')
  expect(stdout).toMatch(/ parameters of 1 bit.*\n0\ntrue\n$/s)
  expect(files).toContain('genotype.json')
})
