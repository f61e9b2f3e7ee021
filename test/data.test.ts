import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, temporary } from './support/files.js'
import { mnistFiles, writeFiles } from './support/idx.js'

/** A server on loopback that gives one answer to everything. */
const serve = async (status: number, body: string): Promise<string> => {
  const server = createServer((_, response) => response.writeHead(status).end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('data info describes the embedded images', async () => {
  const { code, out } = await run(['data', 'info'])
  expect(code).toBe(0)
  expect(out).toMatch(/^Fashion-MNIST, embedded\ntraining: 10000 images of 28x28x1, 10 classes\ntest: 2000 images/)
})

test('data info describes and checks files', async () => {
  const directory = temporary()
  writeFiles(directory, { ...mnistFiles() })
  const { code, out } = await run(['data', 'info', '--data', directory, '--dataset', 'mnist'])
  expect(code).toBe(0)
  expect(out).toContain('training: 40 images of 28x28x1')
  writeFiles(directory, { 't10k-labels-idx1-ubyte': Buffer.from('no labels') })
  await expectRefusal(['data', 'info', '--data', directory, '--dataset', 'mnist'], directory, [
    't10k-labels-idx1-ubyte',
  ])
})

test('data get: a name that cannot be got', async () => {
  const directory = join(temporary(), 'data')
  await expectRefusal(['data', 'get', 'imagenet', '--dir', directory], directory, [
    'imagenet',
    'cifar10, cifar100, fashion-mnist',
  ])
})

test.for([
  [404, 'not found', /404/],
  [200, '<html>another page</html>', /MD5/],
] as const)('data get: the server answers %i %s', async ([status, body, words]) => {
  const directory = join(temporary(), 'data')
  const mirror = await serve(status, body)
  const { code, out, err } = await run(['data', 'get', 'fashion-mnist', '--dir', directory, '--mirror', mirror])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(words)
  expect(err).toMatch(mirror)
  expect(fingerprint(directory)).toEqual({})
})
