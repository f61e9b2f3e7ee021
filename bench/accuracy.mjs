// pnpm bench:accuracy: what a found genotype is worth once it is trained: its Child with the CP loss and without (cross-entropy alone), the
// Child of random genotypes of the same space, with and without, and the Parent of the found cells by cross-entropy alone; each over
// several seeds. Runs are ordinary trainings in --out; called again, it goes on where it was stopped and repeats nothing that is finished.
//   --genotype FILE|RUN --data DIR --seeds N --jobs N --out DIR --json -- OPTIONS OF cpnas train
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { formatError } from '@cpnas/core'
import { fullSpace, parseGenotype, printGenotype, samplePass } from '@cpnas/supernet'
import Table from 'cli-table3'
// As cpnas ablate has it, which is no part of what the package offers.
import { spread } from '../packages/experiments/dist/ablation/results.js'

const { values: options, positionals: trainOptions } = parseArgs({
  allowPositionals: true,
  options: {
    genotype: { type: 'string', default: fileURLToPath(new URL('architecture.json', import.meta.url)) },
    data: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '1' },
    out: { type: 'string', default: 'cpnas-accuracy' },
    json: { type: 'boolean', default: false },
  },
})
const seeds = Array.from({ length: Number(options.seeds) }, (_, seed) => seed)
const cli = fileURLToPath(new URL('../packages/cli/bin/cpnas.js', import.meta.url))

mkdirSync(options.out, { recursive: true })
const found = statSync(options.genotype).isDirectory() ? join(options.genotype, 'genotype.json') : options.genotype
const parsed = parseGenotype(readFileSync(found, 'utf8'), found)
if (parsed._tag === 'Left') throw new Error(formatError(parsed.left))
const { space } = parsed.right

/** A random genotype of the space of the found one; every seed has its own. */
const random = seed => {
  const file = join(options.out, `random-${seed}.json`)
  writeFileSync(file, printGenotype(samplePass(fullSpace(space), seed)[0], space))
  return file
}

const withoutLoss = ['--filter-weight', '0', '--lambda', '0']
const arms = [
  { name: 'found Child, CP loss', directory: 'found', genotype: () => options.genotype, train: [] },
  { name: 'found Child, cross-entropy', directory: 'found-ce', genotype: () => options.genotype, train: withoutLoss },
  { name: 'random Child, CP loss', directory: 'random', genotype: random, train: [] },
  { name: 'random Child, cross-entropy', directory: 'random-ce', genotype: random, train: withoutLoss },
  {
    name: 'Parent of the found cells',
    directory: 'parent',
    genotype: () => options.genotype,
    train: ['--precision', 'float', ...withoutLoss],
  },
]
const runs = seeds.flatMap(seed =>
  arms.map(({ name, directory, genotype, train }) => ({
    name: `${name}, seed ${seed}`,
    directory: join(options.out, `${directory}-${seed}`),
    begin: [
      ...['--genotype', genotype(seed), ...(options.data === undefined ? [] : ['--data', options.data])],
      ...['--seed', String(seed), ...trainOptions, ...train],
    ],
  })),
)

const evaluation = directory => join(directory, 'evaluation.json')
const run = ({ name, directory, begin }) =>
  new Promise((resolve, reject) => {
    const how = existsSync(join(directory, 'checkpoint.json')) ? ['--resume'] : begin
    console.error(`${name}: ${directory}`)
    spawn(process.execPath, [cli, 'train', '--quiet', '--out', directory, ...how], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).on('exit', code => (code === 0 ? resolve() : reject(new Error(`${name}: cpnas train ended with ${code}`))))
  })

const queue = runs.filter(({ directory }) => !existsSync(evaluation(directory)))
const work = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(next)
}
await Promise.all(Array.from({ length: Number(options.jobs) }, work))

const results = arms.map(({ name, directory }) => {
  const accuracies = seeds.map(seed => {
    const { best } = JSON.parse(readFileSync(evaluation(join(options.out, `${directory}-${seed}`)), 'utf8'))
    return best.top1
  })
  return { name, ...spread(accuracies) }
})
if (options.json) console.log(JSON.stringify(results))
else {
  const percent = x => `${(100 * x).toFixed(1)} %`
  const table = new Table({
    head: ['test accuracy', 'mean', 'deviation', ...seeds.map(seed => `seed ${seed}`)],
    style: { head: [], border: [], compact: true },
  })
  for (const { name, accuracies, mean, deviation } of results)
    table.push([name, percent(mean), deviation === null ? '' : percent(deviation), ...accuracies.map(percent)])
  console.log(table.toString())
}
