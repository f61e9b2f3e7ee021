import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { json, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { png, writeImageFolder } from './support/image-folder.js'
import { tiny, tinyTraining } from './support/settings.js'

const own = ['--share', '1', '--batch-size', '4', '--quiet'] as const
const parts = ['pictures', 'search', 'training'] as const

/** A search of a second on pictures, and a training of what it found, which was not told the pictures again. */
const template = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
const [originals, searched, trained] = parts.map(name => join(template, name)) as [string, string, string]
beforeAll(async () => {
  writeImageFolder(originals, 8)
  expect(await run(['search', '--data', originals, '--out', searched, ...tiny, ...own])).toMatchObject({
    code: 0,
    err: '',
  })
  const train = ['train', '--genotype', searched, '--out', trained, ...tinyTraining, ...own]
  expect(await run(train)).toMatchObject({ code: 0, err: '' })
})
afterAll(() => rmSync(template, { recursive: true }))

/** A copy of all three, in which the runs name the copied pictures. */
const copied = (directory: string) => {
  cpSync(template, directory, { recursive: true })
  const [pictures, search, training] = parts.map(name => join(directory, name)) as [string, string, string]
  for (const name of [search, training]) {
    const path = join(name, 'config.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace(originals, pictures))
  }
  return { pictures, search, training }
}

test('data come along: from a search to its training, to its evaluation, to its packed file', async () => {
  const directory = temporary()
  const { pictures, search, training } = copied(directory)
  const config = json(join(training, 'config.json'))
  expect(config).toMatchObject({ dataset: 'image-folder', data: pictures, imageSize: 23, images: { by: 'content' } })
  expect(json(join(training, 'data.json'))).toMatchObject({
    classes: [{ name: 'blue', train: 8, test: 8 }, { name: 'red' }],
  })

  // Its first lines say so.
  const told = await run(['eval', training, '--backend', 'wasm'])
  expect(told.err).toContain(`Data:   Image folder, ${pictures} (as in ${training}); 16 test images of 23x23x3\n`)
  const genotype = ['train', '--genotype', join(search, 'genotype.json'), '--out', join(directory, 'by-file')]
  const named = await run([...genotype, ...tinyTraining, '--share', '1', '--batch-size', '4'])
  expect(named.err).toContain(`Data:   Image folder, ${pictures} (as in ${search}); 16 training images of 23x23x3\n`)

  expect(await run(['export', training])).toMatchObject({ code: 0 })
  const packed = join(training, 'best.cpnas')
  const { out } = await run(['eval', packed, '--json'])
  const evaluation = json(join(training, 'evaluation.json')) as { readonly best: { readonly top1: number } }
  expect(JSON.parse(out).top1).toBe(evaluation.best.top1)

  // A packed file on its own knows what it was trained on, but not where that is.
  const moved = join(directory, 'moved.cpnas')
  cpSync(packed, moved)
  await expectRefusal(['eval', moved], directory, ['--data', 'is missing', 'image-folder'])
  expect(await run(['eval', moved, '--data', pictures, '--json'])).toMatchObject({ code: 0, out, err: '' })
})

test('other data than those of the run are refused by the class, wherever they lie; the same ones are taken anywhere', async () => {
  const directory = temporary()
  const { pictures, search, training } = copied(directory)
  const copy = join(directory, 'copy')
  cpSync(pictures, copy, { recursive: true })
  for (const [command, out] of [
    ['search', search],
    ['train', training],
  ] as const) {
    expect(await run([command, '--resume', '--out', out, '--data', copy, '--quiet'])).toMatchObject({
      code: 0,
      err: '',
    })
  }
  const refused = async (data: string, ...words: readonly string[]) => {
    for (const [command, out] of [
      ['search', search],
      ['train', training],
    ] as const)
      await expectRefusal([command, '--resume', '--out', out, '--data', data], out, ['--data', data, ...words])
  }
  writeFileSync(join(copy, 'val/red/3.png'), png(23, 27, [1, 2, 3]))
  await refused(copy, 'has other images of the class red')
  rmSync(join(copy, 'train/blue/5.png'))
  await refused(copy, 'has 7 training and 8 test images of the class blue, not 8 training and 8 test images')
  for (const half of ['train', 'val']) renameSync(join(copy, half, 'red'), join(copy, half, 'rose'))
  await refused(copy, 'has no class red but the class rose')

  // An evaluation on the training's own data, which are no longer those.
  writeFileSync(join(pictures, 'val/red/3.png'), png(23, 27, [1, 2, 3]))
  await expectRefusal(['eval', training], training, ['other images of the class red', 'Restore them'])
  expect(await run(['eval', training, '--data', pictures, '--json'])).toMatchObject({ code: 0, err: '' })
})

test('weights of other classes are not taken over without being asked for', async () => {
  const directory = temporary()
  const { pictures, search, training } = copied(directory)
  const others = join(directory, 'others')
  for (const half of ['train', 'val'])
    for (const [name, colour] of Object.entries({ pine: 'blue', rose: 'red', thorn: 'red' }))
      cpSync(join(pictures, half, colour), join(others, half, name), { recursive: true })
  const out = join(directory, 'fine')
  const train = [
    'train',
    '--genotype',
    search,
    '--data',
    others,
    '--image-size',
    '23',
    '--out',
    out,
    ...tinyTraining,
    ...own,
  ]
  await expectRefusal([...train, '--init-from', training], out, [
    '--init-from',
    'tells apart blue, red; these data have the classes pine, rose, thorn',
    '--new-classifier',
  ])
  await expectRefusal([...train, '--new-classifier'], out, ['--new-classifier', 'has no effect without --init-from'])
  expect(await run([...train, '--init-from', training, '--new-classifier'])).toMatchObject({ code: 0, err: '' })
  expect(json(join(out, 'config.json'))).toMatchObject({ newClassifier: true })
  expect(await run(['train', '--resume', '--out', out, '--quiet'])).toMatchObject({ code: 0 })

  // The same classes and other images: that is said.
  const changed = join(directory, 'changed')
  cpSync(pictures, changed, { recursive: true })
  writeFileSync(join(changed, 'train/red/3.png'), png(23, 27, [1, 2, 3]))
  const words = [...tinyTraining, '--share', '1', '--batch-size', '4']
  const parent = join(directory, 'parent')
  const float = ['train', '--genotype', search, '--out', parent, ...words, '--precision', 'float', '--quiet']
  expect(await run(float)).toMatchObject({ code: 0 })
  const taught = ['--init-from', training, '--teacher', parent, '--distillation-weight', '1']
  const begin = async (data: string, name: string) =>
    run(['train', '--genotype', search, '--data', data, '--out', join(directory, name), ...words, ...taught])
  const { code, err } = await begin(changed, 'taught')
  expect(code).toBe(0)
  expect(err).toContain(`\nBegin:  ${training} learned from other images than these\n`)
  expect(err).toContain(`\nTeacher: ${parent} learned from other images than these\n`)
  expect((await begin(pictures, 'same')).err).not.toContain('learned from')

  // So are images that validate here and trained there.
  words.push('--seed', '1')
  const mixed = await begin(pictures, 'mixed')
  expect(mixed.err).toMatch(
    /\nBegin: .* learned from \d+ of the \d+ validation images, so their accuracy may be too high;/,
  )
  expect(mixed.err).toMatch(/\nTeacher: .* learned from \d+ of the \d+ validation images/)
})

test('a run of an earlier version goes on with records, and is refused with pictures, whose classes it did not record', async () => {
  const directory = temporary()
  const search = join(directory, 'embedded')
  expect(await run(['search', '--out', search, ...tiny, '--quiet'])).toMatchObject({ code: 0 })
  const earlier = (run: string) => {
    const { images: _, search: own, ...config } = json(join(run, 'config.json')) as Record<string, unknown>
    const { cropScale: __, ...options } = own as Record<string, unknown>
    writeFileSync(join(run, 'config.json'), JSON.stringify({ ...config, search: options }))
    rmSync(join(run, 'data.json'))
  }
  earlier(search)
  const { code, err } = await run(['search', '--resume', '--out', search, '--quiet'])
  // The checkpoint is of this version and knows more.
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('images') })

  const { search: folder } = copied(directory)
  earlier(folder)
  await expectRefusal(['search', '--resume', '--out', folder], folder, ['earlier version', 'images and classes'])
})

test('every file of a folder is accounted for, in the first lines and in data info', async () => {
  const directory = temporary()
  const data = join(directory, 'pictures')
  for (const name of ['cat', 'dog']) {
    mkdirSync(join(data, name, 'more'), { recursive: true })
    for (let i = 0; i < 10; i++)
      writeFileSync(join(data, name, i < 5 ? 'more' : '', `${i}.png`), png(40, 32, [i, 9, 9]))
  }
  writeFileSync(join(data, 'cat', 'old.bmp'), 'BM')
  writeFileSync(join(data, 'cat', 'notes.txt'), 'notes')
  const info = await run(['data', 'info', '--data', data])
  expect(info).toMatchObject({ code: 0, err: '' })
  expect(info.out).toBe(`Image folder, ${data}
training: 16 images of 32x32x3, 2 classes
test: 4 images of 32x32x3, 2 classes
classes: cat, dog
2 class folders without a test set: one image in five of every class is held back for testing (seed 0)
images are seen in 32x32 pixels: the median of the images' short sides is 32
skipped .txt files, which are not pictures: 1, e.g. ${join(data, 'cat', 'notes.txt')}
skipped .bmp files, a format that cannot be read (convert them to PNG or JPEG): 1, e.g. ${join(data, 'cat', 'old.bmp')}
`)
  const search = await run([
    'search',
    '--data',
    data,
    '--out',
    join(directory, 'run'),
    ...tiny,
    '--share',
    '1',
    '--batch-size',
    '4',
  ])
  expect(search.code).toBe(0)
  expect(search.err).toMatch(
    /^Data: {3}Image folder.*\n {8}2 class folders.*\n {8}images are seen.*\n {8}skipped \.txt.*\n {8}skipped \.bmp/,
  )
})

test('augmentation of pictures: a crop from padding, or a range of areas, and only where it has an effect', async () => {
  const directory = temporary()
  const data = join(directory, 'pictures')
  for (const half of ['train', 'val'])
    for (const [name, colour] of Object.entries({ a: [200, 0, 0], b: [0, 0, 200] } as const)) {
      mkdirSync(join(data, half, name), { recursive: true })
      for (let i = 0; i < 8; i++)
        writeFileSync(join(data, half, name, `${i}.png`), png(20, 20, colour, [i * 9, 90, 0], [250, 250, 250]))
    }
  const train = (name: string, ...options: readonly string[]) =>
    run([
      'train',
      '--genotype',
      writeGenotype(directory),
      '--data',
      data,
      '--out',
      join(directory, name),
      ...tinyTraining,
      ...own,
      ...options,
    ])
  const history = (name: string) => readFileSync(join(directory, name, 'history.jsonl'), 'utf8')
  for (const [name, ...options] of [['plain'], ['crop', '--crop', '4'], ['areas', '--crop-scale', '0.3,1']] as const)
    expect(await train(name, ...options)).toMatchObject({ code: 0, err: '' })
  expect(new Set(['plain', 'crop', 'areas'].map(history)).size).toBe(3)
  const refused = join(directory, 'refused')
  const base = ['train', '--genotype', writeGenotype(directory), '--out', refused, ...tinyTraining] as const
  await expectRefusal([...base, '--data', data, '--crop', '4', '--crop-scale', '0.3,1'], refused, [
    '--crop: has no effect beside --crop-scale 0.3,1',
  ])
  await expectRefusal([...base, '--crop-scale', '0.3,1'], refused, ['--crop-scale', 'works on image folders only'])
  await expectRefusal([...base, '--color-jitter', '0.4'], refused, ['--color-jitter', 'works on image folders only'])
})

test('names of classes and files go to the terminal as text, whatever is in them', async () => {
  const directory = temporary()
  const data = join(directory, 'pictures')
  const odd = '\x1b[31mred\x07'
  writeImageFolder(data, 6)
  for (const half of ['train', 'val']) renameSync(join(data, half, 'red'), join(data, half, `${odd}\nline`))
  writeFileSync(join(data, 'train', `${odd}\nline`, 'x.png'), 'none')
  const shown = '\\x1b[31mred\\x07\\nline'
  const info = await run(['data', 'info', '--data', data])
  expect(info.out).toContain(`\nclasses: ${shown}, blue\n`)
  const out = join(directory, 'run')
  const train = ['train', '--genotype', writeGenotype(directory), '--data', data, '--out', out, ...tinyTraining, ...own]
  expect((await run([...train, '--max-corrupt', '0.5'])).err).toContain(`${shown}/x.png: `)
  const { out: metrics } = await run(['eval', out, '--quiet', '--max-corrupt', '0.5'])
  expect(metrics).toContain(`│ ${shown} `)
  for (const text of [info.out, metrics]) expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  rmSync(out, { recursive: true })
  const failed = await run([...train, '--max-corrupt', '0'])
  expect(failed).toMatchObject({ code: 2, err: expect.stringMatching(/^cpnas: [^\n]*\n$/) })
})
