import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { json, jsonLines, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { png, writeClasses } from './support/image-folder.js'
import { proceed } from './support/proceed.js'
import { tinyTraining } from './support/settings.js'

const colours = { blue: [20, 30, 200], red: [210, 40, 30] } as const
const engine = ['--threads', '1', '--backend', 'wasm'] as const
const searching = ['--init-from', 'none'] as const

const pictures = (images: number): string => {
  const directory = temporary()
  writeClasses(directory, colours, images)
  return directory
}

interface Result {
  readonly accuracy: number
  readonly images: number
  readonly bytes: number
}

test('from pictures to a page: all files, one screen, and Node and onnxruntime say the same', async () => {
  const [data, out] = [pictures(20), join(temporary(), 'made')]
  const {
    code,
    out: said,
    err,
  } = await run(['create', data, ...searching, '--minutes', '0.1', '--out', out, ...engine])
  expect({ code }).toEqual({ code: 0 })
  expect(err).toMatch(/Data: {3}Image folder, .*; 32 training images of 16x16x3/)
  expect(err).toMatch(
    /Classes: 2: blue, red\nPlan: {3}0.1 minutes: a search of \d+ architectures, then a training with/,
  )
  expect(err).toMatch(/the search is over; training its cells with \d+ channels for \d+ epochs?/)
  expect(said).toMatch(/^Accuracy: {2}\d+\.\d % ± \d+\.\d % of 8 test images \(chance 50.0 %\)\n/)
  expect(said).toContain(
    `\nNext: open ${out}/index.html in a browser, or: cpnas predict ${out}/model.cpnas PICTURE...\n`,
  )

  const { accuracy, images, bytes } = json(join(out, 'creation.json')) as Result
  expect({ images, bytes }).toEqual({ images: 8, bytes: readFileSync(join(out, 'model.cpnas')).length })
  expect((json(join(out, 'training/evaluation.json')) as { best: { top1: number } }).best.top1).toBe(accuracy)
  expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('tells apart 2 classes: blue, red.')
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(
    /^---\nlibrary_name: cpnas\n(.*\n)+\| accuracy on 8 test pictures \|/,
  )
  const [, kilobytes] = /([\d.]+) kB<\/dd><dt>packed, as it is shipped/.exec(
    readFileSync(join(out, 'report.html'), 'utf8'),
  )!
  expect(Math.abs(Number(kilobytes) - bytes / 1000)).toBeLessThan(0.2)
  expect(existsSync(join(out, 'cache'))).toBe(false)

  const picture = join(temporary(), 'any.png')
  writeFileSync(picture, png(16, 16, colours.red, [60, 60, 60]))
  const { out: line } = await run(['predict', join(out, 'model.cpnas'), picture, '--json'])
  const [best] = (JSON.parse(line) as { classes: { class: string; probability: number }[] }).classes
  const session = await InferenceSession.create(join(out, 'model.onnx'))
  const { mean, std } = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
  const pixels = Float32Array.from({ length: 3 * 256 }, (_, i) => {
    const [c, x] = [Math.floor(i / 256), i % 16]
    return ((x % 2 === 0 ? colours.red[c]! : 60) / 255 - mean[c]!) / std[c]!
  })
  const { scores } = await session.run({ images: new Tensor('float32', pixels, [1, 3, 16, 16]) })
  const [blue, red] = scores!.data as Float32Array
  const ofRed = 1 / (1 + Math.exp(blue! - red!))
  // A rounding may decide a sign.
  expect(Math.abs((best!.class === 'red' ? best!.probability : 1 - best!.probability) - ofRed)).toBeLessThan(0.1)
})

test('few pictures in colour begin with a trained network', async () => {
  const [data, out] = [pictures(20), join(temporary(), 'made')]
  const { code, out: said, err } = await run(['create', data, '--minutes', '0.1', '--out', out, ...engine])
  expect({ code }).toEqual({ code: 0 })
  expect(err).toMatch(
    /Plan: {3}0.1 minutes: a training that begins with zoo:cifar10, 24 channels\n {8}for few pictures .*; --init-from none searches\n/,
  )
  expect(err).toMatch(/\ntraining with 24 channels for \d+ epochs?/)
  expect(said).toContain('README.md; training/ holds the run\n')
  expect(existsSync(join(out, 'search'))).toBe(false)
  expect(json(join(out, 'config.json'))).toMatchObject({ search: null, initFrom: 'zoo:cifar10', channels: 24 })
  expect(json(join(out, 'training/config.json'))).toMatchObject({
    initFrom: 'zoo:cifar10',
    newClassifier: true,
    training: { channels: 24, space: 'residual', learningRate: 0.003 },
  })
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain(
    'begun with the weights of zoo:cifar10, which learned from CIFAR-10',
  )

  // What was created is itself something to begin with, and knows these classes already.
  const next = join(temporary(), 'next')
  const again = await run([
    'create',
    data,
    '--init-from',
    join(out, 'training'),
    '--minutes',
    '0.1',
    '--out',
    next,
    ...engine,
  ])
  expect({ code: again.code }).toEqual({ code: 0 })
  expect(again.err).toContain(`a training that begins with ${join(out, 'training')}, 24 channels\n        pictures are`)
  expect(readFileSync(join(next, 'README.md'), 'utf8')).toContain('begun with the weights of training,')
  expect(json(join(next, 'training/config.json'))).not.toHaveProperty('newClassifier')
})

test('the network to begin with may be of another space than that of the search', async () => {
  const [data, directory] = [pictures(20), temporary()]
  const [training, out] = [join(directory, 'training'), join(directory, 'made')]
  writeGenotype(directory)
  const train = [
    'train',
    '--genotype',
    join(directory, 'genotype.json'),
    '--data',
    data,
    ...tinyTraining,
    '--share',
    '1',
  ]
  expect(await run([...train, '--out', training, '--quiet'])).toMatchObject({ code: 0 })
  const { code } = await run(['create', data, '--init-from', training, '--minutes', '0.1', '--out', out, ...engine])
  expect({ code }).toEqual({ code: 0 })
  expect(json(join(out, 'training/config.json'))).toMatchObject({ training: { space: 'cp-nas', channels: 2 } })
})

test.each([
  ['search', searching, '"run":"search","kind":"search","event":{"type":"sample"'],
  ['training', searching, '"run":"training","kind":"training","event":{"type":"epoch"'],
  ['training', [], '"run":"training","kind":"training","event":{"type":"epoch"'],
])('killed in its %s and resumed, a creation ends, with the training that was planned', async (_, begin, moment) => {
  const [data, directory] = [pictures(12), temporary()]
  const args = ['create', data, ...begin, '--minutes', '0.1', ...engine] as const
  const killed = await proceed(args, directory, 'SIGKILL', event => event.includes(moment))
  expect(killed.code).toBe(null)
  const planned = join(directory, 'training/config.json')
  const before = existsSync(planned) ? json(planned) : undefined
  const resumed = await run(['create', '--resume', '--out', directory, '--json'])
  expect({ code: resumed.code }).toEqual({ code: 0 })
  expect(jsonLines(resumed.out).at(-1)).toMatchObject({ type: 'result', images: 5 })
  if (before !== undefined) expect(json(planned)).toEqual(before)
})

test('bad input', async () => {
  const data = pictures(8)
  const one = temporary()
  mkdirSync(join(one, 'only'))
  writeFileSync(join(one, 'only', '0.png'), png(8, 8, [1, 2, 3]))
  const out = join(temporary(), 'made')
  await expectRefusal(['create'], out, ['pictures: are missing. Name a directory that holds a folder'])
  await expectRefusal(['create', join(data, 'nowhere'), '--out', out], out, ['nowhere'])
  await expectRefusal(['create', one, '--out', out], out, ['only'])
  await expectRefusal(['create', data, '--out', join(data, 'made')], data, ['lies in the directory of the pictures'])
  await expectRefusal(['create', data, '--minutes', '0', '--out', out], out, ['--minutes: 0 is out of range'])
  await expectRefusal(['create', '--resume', '--out', out], out, ['holds no run'])
  await expectRefusal(['create', data, '--init-from', 'zoo:fashion-mnist', '--out', out], out, [
    'zoo:fashion-mnist knows images of 1 channel, these have 3',
  ])
  await expectRefusal(['create', data, '--init-from', 'zoo:nothing', '--out', out], out, ['zoo:nothing'])
  await expectRefusal(['create', pictures(4), '--out', out], out, [
    'has 6 training images, and a network needs at least 8',
  ])
})
