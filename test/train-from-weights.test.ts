import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, json, temporary } from './support/files.js'
import { writeImageFolder } from './support/image-folder.js'
import { small, tinyTraining } from './support/settings.js'

const firstLoss = (directory: string): number =>
  JSON.parse(readFileSync(join(directory, 'history.jsonl'), 'utf8').split('\n')[0]!).terms.crossEntropy

/** One epoch at a rate that changes next to nothing: its loss is that of the weights that it began with. */
const still = [...tinyTraining, '--epochs', '1', '--learning-rate', '1e-9', '--quiet']

test('a training begins with the weights of a search, Child or Parent, or of another training', async () => {
  const directory = temporary()
  const at = (name: string): string => join(directory, name)
  const train = async (name: string, ...settings: readonly string[]): Promise<number> => {
    expect(await run(['train', '--genotype', at('search'), '--out', at(name), ...settings])).toMatchObject({
      code: 0,
      err: '',
    })
    return firstLoss(at(name))
  }
  expect(await run(['search', '--out', at('search'), '--quiet', ...small])).toMatchObject({ code: 0 })
  const fresh = await train('fresh', ...still)
  const child = await train('child', ...still, '--init-from', at('search'))
  const parent = await train('parent', ...still, '--precision', 'float', '--init-from', at('search'))
  const freshParent = await train('fresh-parent', ...still, '--precision', 'float')
  expect(parent).toBeLessThan(freshParent)
  expect(child).not.toBe(fresh)

  // What a training has learned is where the next one begins.
  await train('trained', ...tinyTraining, '--epochs', '6', '--precision', 'float', '--quiet')
  const trained = await train('again', ...still, '--precision', 'float', '--init-from', at('trained'))
  expect(trained).toBeLessThan(freshParent)

  // It goes on from its own checkpoint, wherever the weights it began with are by then.
  const finished = fingerprint(at('child'))
  expect(await run(['train', '--resume', '--out', at('child'), '--init-from', '/moved', '--quiet'])).toMatchObject({
    code: 0,
  })
  expect(fingerprint(at('child'))).toEqual(finished)

  const refused = async (from: string, settings: readonly string[], words: readonly (string | RegExp)[]) =>
    expectRefusal(
      ['train', '--genotype', at('search'), '--out', at('refused'), ...tinyTraining, '--init-from', from, ...settings],
      at('refused'),
      words,
    )
  await refused(at('search'), ['--channels', '3'], ['--init-from', /shape \[.*--cells 3 --channels 2/])
  await refused('/nowhere', [], ['/nowhere: cannot be read (ENOENT'])
})

test('a training begins with a model file or a network of the zoo, which says what its network is', async () => {
  const directory = temporary()
  const at = (name: string): string => join(directory, name)
  const pictures = at('pictures')
  writeImageFolder(pictures, 8)
  const settings = [
    '--data',
    pictures,
    '--image-size',
    '32',
    '--validation-share',
    '0',
    '--batch-size',
    '8',
    '--epochs',
    '1',
  ]
  const train = ['train', ...settings, '--threads', '1', '--backend', 'wasm']
  const zoo = [...train, '--init-from', 'zoo:cifar10-small']
  await expectRefusal([...zoo, '--out', at('refused')], at('refused'), [
    /zoo:cifar10-small tells apart airplane, .* these data have the classes blue, red\. Add --new-classifier/,
  ])
  const { code, err } = await run([...zoo, '--new-classifier', '--out', at('transferred')])
  expect({ code }).toEqual({ code: 0 })
  expect(err).toContain('\nBegin:  zoo:cifar10-small learned from other images than these\n')
  const config = json(at('transferred/config.json')) as { readonly initFrom: string; readonly training: object }
  expect(config).toMatchObject({
    initFrom: 'zoo:cifar10-small',
    training: { space: 'residual', cells: 3, channels: 16 },
  })

  // Its own model goes on where it was, and so does the training: both say what the network is.
  for (const [i, from] of [at('transferred/model.safetensors'), at('transferred')].entries()) {
    const out = at(`on-${i}`)
    const args = [...train, '--init-from', from, '--learning-rate', '1e-9', '--out', out, '--quiet']
    expect(await run(args)).toMatchObject({ code: 0 })
    expect(json(join(out, 'config.json'))).toMatchObject({ training: { space: 'residual', channels: 16 } })
    expect(firstLoss(out)).toBeLessThan(firstLoss(at('transferred')))
  }
  await expectRefusal([...zoo, '--new-classifier', '--channels', '8', '--out', at('refused')], at('refused'), [
    /zoo:cifar10-small has .* of shape .* this network needs .*--cells 3 --channels 16/,
  ])
  await expectRefusal([...train, '--init-from', 'zoo:none', '--out', at('refused')], at('refused'), [
    'there is no network "none" that a training can begin with',
  ])
})
