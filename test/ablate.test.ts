import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { briefTraining, fewToTest } from './support/few-images.js'
import { fingerprint, json, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { proceed } from './support/proceed.js'
import { tiny } from './support/settings.js'

/** Options of a search or a training as an ablation names them. */
const of = (side: 'search' | 'train', settings: readonly string[]): readonly string[] =>
  settings.map(word =>
    /^--(cells|channels|share|batch-size|validation-share|warmup-epochs)$/.test(word)
      ? `--${side}-${word.slice(2)}`
      : word,
  )
const searchSettings = [...tiny, ...fewToTest]
const trainingSettings = [...briefTraining, '--epochs', '1']
const searching = of('search', searchSettings)
const training = of('train', trainingSettings)

interface Results {
  readonly rows: readonly {
    readonly values: Readonly<Record<string, number>>
    readonly child: { readonly mean: number; readonly deviation: number; readonly accuracies: readonly number[] }
    readonly parent?: { readonly mean: number }
  }[]
  readonly runs: readonly {
    readonly training: string
    readonly accuracy: number
    readonly accuracyLast: number
    readonly search?: string
  }[]
}

const resultsOf = (directory: string) => json(join(directory, 'ablation.json')) as Results

test('over beta_P: searches and trainings as the commands make them, a table, a plot', async () => {
  const [directory, alone] = [temporary(), temporary()]
  const { code, out, err } = await run([
    ...['ablate', '--vary', 'beta-p=0,1.5', '--seeds', '2', '--parents', '--out', directory],
    ...searching,
    ...training,
  ])
  expect(err).toContain('trainings/beta-p=1.5/seed-1 epoch 1/1: loss')
  expect(code).toBe(0)
  const { rows, runs } = resultsOf(directory)
  expect(rows.map(({ values }) => values)).toEqual([{ 'beta-p': 0 }, { 'beta-p': 1.5 }])
  expect(runs).toHaveLength(4)
  for (const { training, accuracy } of runs)
    expect(json(join(directory, training, 'evaluation.json'))).toMatchObject({ best: { top1: accuracy } })
  const percent = (share: number): string => (share * 100).toFixed(1)
  for (const { values, child, parent } of rows)
    expect(out).toMatch(
      new RegExp(
        `│ ${values['beta-p']} +│ ${percent(child.mean)} ± ${percent(child.deviation)} % +│ ${percent(parent!.mean)} ±`,
      ),
    )
  expect(readFileSync(join(directory, 'ablation.svg'), 'utf8')).toMatch(/^<svg[\s\S]*>beta-p<[\s\S]*<\/svg>/)
  expect(readFileSync(join(directory, 'ablation.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(5)

  const search = join(alone, 'search')
  expect(
    await run(['search', '--out', search, '--quiet', ...searchSettings, '--beta-p', '1.5', '--seed', '1']),
  ).toMatchObject({
    code: 0,
  })
  expect(fingerprint(join(directory, 'searches/beta-p=1.5/seed-1'))).toEqual(fingerprint(search))
  for (const [folder, precision] of [
    ['trainings', 'binary'],
    ['parents', 'float'],
  ] as const) {
    const settings = [...trainingSettings, '--seed', '1', '--precision', precision]
    const own = join(alone, folder)
    expect(await run(['train', '--genotype', search, '--out', own, '--quiet', ...settings])).toMatchObject({ code: 0 })
    expect(fingerprint(join(directory, folder, 'beta-p=1.5/seed-1'))).toEqual(fingerprint(own))
  }
})

test('of loss terms for given cells: every combination; killed or stopped it goes on and repeats nothing', async () => {
  const [directory, expected] = [temporary(), temporary()]
  const command = [
    ...['ablate', '--genotype', writeGenotype(temporary()), '--seeds', '1'],
    ...['--vary', 'filter-weight=0,1', '--vary', 'lambda=0,0.1'],
    ...training,
  ] as const
  expect(await run([...command, '--out', expected, '--quiet'])).toMatchObject({ code: 0, err: '' })
  expect(resultsOf(expected).rows).toHaveLength(4)
  expect(readdirSync(expected)).not.toContain('searches')

  const killed = await proceed(command, directory, 'SIGKILL', event => event.includes('filter-weight=0,lambda=0.1/'))
  expect(killed.code).toBeNull()
  const first = join(directory, 'trainings/filter-weight=0,lambda=0/seed-0/evaluation.json')
  expect(existsSync(first)).toBe(true)

  const stopped = await proceed(command, directory, 'SIGINT', event => event.includes('"epoch":1'))
  expect(stopped.code).toBe(130)
  expect(stopped.err).toBe(
    `Stopped; all that is done is saved. Continue with: cpnas ablate --resume --out ${directory}\n`,
  )
  expect(stopped.out).not.toContain('filter-weight=0,lambda=0/')

  expect(await proceed(command, directory, 'SIGINT', () => false)).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(fingerprint(expected))
  const events = (await run(['ablate', '--resume', '--out', directory, '--json'])).out.trimEnd().split('\n')
  expect(events.map(event => JSON.parse(event).type)).toEqual(['start', 'result'])

  const resume = ['ablate', '--resume', '--out', directory]
  await expectRefusal([...resume, '--seeds', '2'], directory, ['--seeds 1, not 2'])
  await expectRefusal([...resume, '--vary', 'lambda=0'], directory, [
    '--vary filter-weight=0,1 lambda=0,0.1, not lambda=0',
  ])
  await expectRefusal(['train', ...resume.slice(1)], directory, ['not the configuration of a cpnas training'])
})

test('on validation images, to choose a value by: accuracies of the best and the last epoch, none of the test', async () => {
  const directory = temporary()
  const command = ['ablate', '--genotype', writeGenotype(temporary()), '--seeds', '1', '--out', directory]
  const settings = [...of('train', briefTraining), '--epochs', '2', '--preset', 'cpu-10min']
  const vary = ['--vary', 'train-crop=2,4', '--on', 'validation']
  const { code, out } = await run([...command, ...vary, ...settings])
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('Validation accuracy, one seed') })
  expect(readFileSync(join(directory, 'ablation.svg'), 'utf8')).toContain('validation accuracy, %')
  const { on, runs } = json(join(directory, 'ablation.json')) as Results & { readonly on: string }
  expect({ on, runs: runs.length }).toEqual({ on: 'validation', runs: 2 })
  for (const { training, accuracy, accuracyLast } of runs) {
    const history = readFileSync(join(directory, training, 'history.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    const validated = history.map(line => JSON.parse(line).accuracyValidation as number)
    expect({ accuracy, accuracyLast }).toEqual({ accuracy: Math.max(...validated), accuracyLast: validated.at(-1) })
    expect(json(join(directory, training, 'config.json'))).toMatchObject({ training: { schedule: 'one-cycle' } })
  }
  await expectRefusal(['ablate', '--resume', '--out', directory, '--on', 'test'], directory, [
    '--on validation, not test',
  ])
  const without = [...command.slice(0, -1), temporary(), ...vary, ...settings, '--train-validation-share', '0']
  expect(await run(without)).toMatchObject({
    code: 2,
    err: expect.stringContaining(
      '--on: is validation, but there are no validation images. Give a --train-validation-share above 0',
    ),
  })
})

test('of distillation: the teacher teaches where its weight is above 0, and Parents never', async () => {
  const [directory, alone] = [temporary(), temporary()]
  const genotype = writeGenotype(temporary())
  const at = (name: string) => join(alone, name)
  const train = (name: string, ...settings: readonly string[]) =>
    run(['train', '--genotype', genotype, '--out', at(name), '--quiet', ...trainingSettings, ...settings])
  expect(await train('teacher', '--precision', 'float')).toMatchObject({ code: 0 })
  const command = ['ablate', '--genotype', genotype, '--seeds', '1', '--out', directory, ...training]
  const teacher = ['--teacher', at('teacher')]

  await expectRefusal([...command, ...teacher, '--vary', 'lambda=0,1'], directory, [
    '--teacher',
    '--distillation-weight',
  ])
  const vary = ['--vary', 'distillation-weight=0,1', '--parents']
  await expectRefusal([...command, ...vary], directory, ['--distillation-weight', 'no teacher'])
  expect(await run([...command, ...vary, ...teacher, '--quiet'])).toMatchObject({ code: 0, err: '' })

  expect(await train('taught', ...teacher, '--distillation-weight', '1')).toMatchObject({ code: 0 })
  expect(fingerprint(join(directory, 'trainings/distillation-weight=1/seed-0'))).toEqual(fingerprint(at('taught')))
  expect(await train('untaught')).toMatchObject({ code: 0 })
  expect(fingerprint(join(directory, 'trainings/distillation-weight=0/seed-0'))).toEqual(fingerprint(at('untaught')))
  expect(readdirSync(join(directory, 'parents'))).toEqual(['seed-0'])
  expect(fingerprint(join(directory, 'parents/seed-0'))).toEqual(fingerprint(at('teacher')))

  const resume = ['ablate', '--resume', '--out', directory]
  await expectRefusal([...resume, '--teacher', at('untaught')], directory, ['--teacher', 'another network'])
  expect(await run([...resume, '--quiet'])).toMatchObject({ code: 0, err: '' })

  const onValidation = async (seed: string) => {
    const settings = ['--vary', 'distillation-weight=1', '--on', 'validation', '--seed', seed]
    return (await run([...command, ...teacher, ...settings, '--out', temporary()])).err
  }
  expect(await onValidation('0')).not.toContain('learned from')
  expect(await onValidation('1')).toContain(
    `\nTeacher: ${at('teacher')} learned from validation images of these trainings, so their accuracy may be too high;`,
  )
})

test.for([
  [[], ['--vary', 'is missing']],
  [
    ['--vary', 'beta-q=0,1'],
    ['--vary', 'beta-q=0,1', 'OPTION=VALUE'],
  ],
  [
    ['--vary', 'beta-p=0,-1'],
    ['--beta-p', 'number at least 0'],
  ],
  [
    ['--vary', 'lambda=0', '--vary', 'lambda=1'],
    ['--vary', 'names lambda twice'],
  ],
  [
    ['--vary', 'train-batch-size=8,20000'],
    ['--train-batch-size', /training split of \d+ images/],
  ],
  [
    ['--vary', 'lambda=0,1', '--search-batch-size', '20000'],
    ['--search-batch-size', /split of \d+ images/],
  ],
  [
    ['--vary', 'lambda=0,1', '--distillation-weight', '1'],
    ['--distillation-weight', 'no teacher'],
  ],
  [
    ['--vary', 'lambda=0,1', '--seeds', '0'],
    ['--seeds', 'integer of at least 1'],
  ],
  [
    ['--vary', 'lambda=0,1', '--seed', '2147483647'],
    ['--seed', 'out of range'],
  ],
] as const)('%j is refused', async ([settings, words]) => {
  const out = join(temporary(), 'run')
  await expectRefusal(['ablate', '--out', out, ...settings], out, words)
})

test('given cells have no search whose options could be compared', async () => {
  const out = join(temporary(), 'run')
  const settings = ['--genotype', writeGenotype(temporary()), '--vary', 'beta-p=0,1']
  await expectRefusal(['ablate', '--out', out, ...settings], out, ['--vary', 'beta-p is an option of the search'])
})
