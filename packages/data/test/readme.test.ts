import { expect, it } from 'vitest'
import { runReadmeExample } from '../../../test/support/readme-example.js'

it('the example of the README runs and prints what it says', () => {
  const { example, stdout, stderr } = runReadmeExample(import.meta.dirname)
  const promised = [...example.matchAll(/console\.log.* \/\/ (.*)/g)].map(([, text]) => `${text}\n`)
  expect(stderr).toBe('')
  expect(stdout).toBe(promised.join(''))
})
