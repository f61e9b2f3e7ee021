import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { printGenotype } from '@cpnas/supernet'
import { expect, test } from 'vitest'
import { run, runProcess } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, temporary } from './support/files.js'
import { tiny } from './support/settings.js'

test.for([
  ['--beta-p', '-1', /number at least 0/],
  ['--beta-p', 'much', /number at least 0/],
  ['--passes', '0', /integer of at least 1/],
  ['--passes', '1.5', /integer of at least 1/],
  ['--cells', '2', /integer of at least 3/],
  ['--share', '0', /above 0 and at most 1/],
  ['--validation-share', '1', /above 0 and below 1/],
  ['--momentum', '1', /below 1/],
  ['--min-learning-rate', '1', /--learning-rate 0.01/],
  ['--operations', 'none', /at least 2 different/],
  ['--operations', 'none,conv_9x9', /sep_conv_3x3/],
  ['--edges', '3', /all, 2/],
  ['--seed', '-1', /integer from 0/],
  ['--threads', '0', /integer of at least 1/],
  ['--threads', '100000', /256/],
  ['--preset', 'huge', /quick, cifar10, paper/],
  ['--dataset', 'svhn', /fashion-mnist/],
] as const)('%s %s is out of range', async ([option, value, words]) => {
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--out', out, option, value], out, [option, words])
})

test('a batch is larger than the split', async () => {
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--out', out, ...tiny, '--batch-size', '100'], out, [
    '--batch-size',
    /split of 25 images/,
  ])
})

test.for([
  ['--space', 'residual', '--prelu'],
  ['--space', 'residual', '--sep-conv-repeat', '2'],
  ['--space', 'residual', '--preprocess-precision', 'float'],
  ['--strategy', 'cp-nas', '--samples', '5'],
  ['--strategy', 'random', '--share-weights'],
  ['--strategy', 'random', '--architecture-learning-rate', '0.1'],
] as const)('%s %s %s has no effect', async args => {
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--out', out, ...args], out, [args[2], `no effect beside ${args[0]} ${args[1]}`])
})

test('an option of --config that has no effect is refused like one of the command line', async () => {
  const directory = temporary()
  const file = join(directory, 'options.json')
  const out = join(directory, 'run')
  for (const [content, flag, other] of [
    [{ samples: 5, strategy: 'cp-nas' }, '--samples', '--strategy cp-nas'],
    [{ space: 'residual', prelu: true }, '--prelu', '--space residual'],
    [{ crop: 4, cropScale: [0.5, 1] }, '--crop', '--crop-scale 0.5,1'],
  ] as const) {
    writeFileSync(file, JSON.stringify(content))
    await expectRefusal(['search', '--out', out, '--config', file], out, [flag, `no effect beside ${other}`])
  }
})

test('an engine that is not there: says which are', async () => {
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--out', out, '--backend', 'tpu'], out, ['--backend', 'tpu', 'wasm', 'reference'])
})

test('cpnas backends says which engines work, and why not', async () => {
  const { code, out } = await run(['backends', '--no-measure'])
  expect(code).toBe(0)
  for (const line of [/^yes {2}wasm {11}\S/m, /^yes {2}reference {6}\S/m, /^yes {2}tfjs-cpu {7}\S/m])
    expect(out).toMatch(line)
  expect(out).toMatch(/^(yes|no ) {2}tfjs-webgpu {4}\S/m)
  // Not among what the tests install.
  expect(out).toMatch(/^no {3}tfjs-node {6}its packages are not installed .*npm install .*@tensorflow\/tfjs-node$/m)
  expect(out).not.toContain('GFLOP')
})

test('cpnas backends measures', async () => {
  const { code, out } = await run(['backends', '--json'])
  expect(code).toBe(0)
  const all = JSON.parse(out) as readonly Record<string, unknown>[]
  expect(all).toContainEqual(
    expect.objectContaining({
      name: 'wasm',
      available: true,
      gflops: { matMul: expect.any(Number), conv2d: expect.any(Number) },
    }),
  )
  for (const { available, gflops } of all) {
    expect(gflops !== undefined).toBe(available)
    if (gflops) for (const speed of Object.values(gflops)) expect(speed).toBeGreaterThan(0)
  }
})

test.for([
  [['search', '--bogus'], /unknown option '--bogus'/],
  [['search', 'extra'], /too many arguments/],
  [['search', '--seed'], /argument missing/],
  [['seach'], /unknown command 'seach'\n\(Did you mean search\?\)/],
  [['data', 'get'], /missing required argument 'name'/],
  [['data'], /Usage: cpnas data/],
] as const)('%j is no command', async ([args, words]) => {
  const directory = temporary()
  const { code, out, err } = await runProcess(args, directory)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(words)
  expect(err).not.toMatch(/\n\s+at /)
  expect(fingerprint(directory)).toEqual({})
})

test('--help names every command and every default; --version the version', async () => {
  const [main, search, version] = await Promise.all([run(['--help']), run(['search', '--help']), run(['--version'])])
  expect([main, search, version].map(({ code }) => code)).toEqual([0, 0, 0])
  for (const word of ['search', 'show', 'backends', 'data']) expect(main.out).toContain(word)
  const help = search.out.replaceAll(/\s+/g, ' ')
  expect(help).toMatch(/--passes <n> [^-]*\(default: 1; paper: 3\)/)
  expect(help).toMatch(/--out <dir> [^-]*\(default: \.\/cpnas-run\)/)
  // A terminal of 80 columns holds every line.
  expect(Math.max(...search.out.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
  expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

const genotype = {
  normal: Array<'sep_conv_3x3'>(14).fill('sep_conv_3x3'),
  reduce: Array<'max_pool_3x3'>(14).fill('max_pool_3x3'),
}

test('a genotype is shown, sized and drawn', async () => {
  const directory = temporary()
  const file = join(directory, 'genotype.json')
  writeFileSync(file, printGenotype(genotype))
  const { code, out } = await run(['show', file, '--svg', join(directory, 'cells.svg')])
  expect(code).toBe(0)
  expect(out).toMatch(/2 -> 3 +│ sep_conv_3x3 │ max_pool_3x3/)
  expect(Object.keys(fingerprint(directory))).toEqual(['cells.svg', 'genotype.json'])
})

test.for([
  [
    'an unknown operation',
    { ...genotype, normal: genotype.normal.with(3, 'conv_9x9' as 'sep_conv_3x3') },
    /conv_9x9.*edge 3.*sep_conv_3x3/,
  ],
  ['too few edges', { ...genotype, reduce: genotype.reduce.slice(1) }, /13 operations.*14 edges/],
] as const)('a genotype with %s', async ([, wrong, words]) => {
  const directory = temporary()
  const file = join(directory, 'genotype.json')
  writeFileSync(file, printGenotype(wrong))
  await expectRefusal(['show', file, '--svg', join(directory, 'cells.svg')], directory, [file, words])
})

test('a genotype that is no JSON, and one that is not there', async () => {
  const directory = temporary()
  const file = join(directory, 'genotype.json')
  await expectRefusal(['show', file], directory, [file, 'cannot be read'])
  writeFileSync(file, 'genotype')
  await expectRefusal(['show', file], directory, [file, 'not JSON'])
})
