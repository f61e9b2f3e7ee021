import { expect, it } from 'vitest'
import { promised, runReadmeExample } from '../../../test/support/readme-example.js'

it('the example of the README runs and prints what it says', () => {
  const { example, stdout, stderr } = runReadmeExample(import.meta.dirname)
  expect(stderr).toBe('')
  expect(stdout).toMatch(promised(example))
})
