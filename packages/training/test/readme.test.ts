import { expect, it } from 'vitest'
import { runReadmeExample } from '../../../test/support/readme-example.js'

it('the example of the README runs and prints what it says', () => {
  const { output, stdout, stderr } = runReadmeExample(import.meta.dirname)
  expect(stderr).toBe('')
  expect(stdout).toBe(output)
})
