import { availableBackends, resolveBackend } from '@cpnas/backends'
import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'

test('auto takes the fastest engine and says why', async () => {
  const resolved = await resolveBackend('auto', { threads: 1 })()
  if (E.isLeft(resolved)) throw new Error(resolved.left.problem)
  expect(resolved.right.name).toBe('wasm')
  expect(resolved.right.reason).toContain('the fastest engine available')
  await resolved.right.backend.close()
})

test('an engine by name', async () => {
  const resolved = await resolveBackend('reference')()
  expect(E.isRight(resolved) && resolved.right.backend.name).toBe('reference')
})

test('an unknown engine: says which are available', async () => {
  const resolved = await resolveBackend('cuda')()
  expect(resolved).toMatchObject(
    E.left({
      _tag: 'BackendUnavailable',
      where: '--backend cuda',
      remedy: 'Choose one of those available: auto, wasm, reference',
    }),
  )
})

test.each([0, -1, 1.5, 257, Number.NaN])('%d threads are refused', async threads => {
  expect(await resolveBackend('wasm', { threads })()).toMatchObject(
    E.left({ _tag: 'InvalidOption', where: '--threads' }),
  )
})

test('every engine of this build is listed with a reason', async () => {
  const all = await availableBackends()
  expect(all.map(({ name, available }) => [name, available])).toEqual([
    ['wasm', true],
    ['reference', true],
  ])
  for (const { reason } of all) expect(reason).not.toBe('')
})
