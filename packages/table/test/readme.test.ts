import { expect, it } from 'vitest'
import { runReadmeExample } from '../../../test/support/readme-example.js'

it('the example of the README runs and prints what its comments say', () => {
  const { example, stdout, stderr } = runReadmeExample(import.meta.dirname)
  expect(stderr).toBe('')
  expect(stdout.trimEnd().split('\n')).toEqual([...example.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line))
})
