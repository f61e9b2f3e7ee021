// pnpm engines: the table of engines of this machine as Markdown: available, properties passed, largest error, speed.
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { availableBackends, printAdapter } from '@cpnas/backends'
import { runnerImport } from 'vite'

const { values } = parseArgs({
  options: {
    // Random cases of each kernel, and random networks, of two steps each.
    cases: { type: 'string', default: '30' },
    networks: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
})
const runs = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]))

// The tests' own measure: their TypeScript is compiled on the way.
const load = async name =>
  (await runnerImport(fileURLToPath(new URL(`../test/engines/${name}`, import.meta.url)))).module
const { engines } = await load('engines.ts')
const { measure, small } = await load('measure.ts')

const adapter = (await availableBackends()).find(({ adapter }) => adapter)?.adapter
const { spec, batch, size } = small
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, WebGPU on ${adapter ? printAdapter(adapter) : 'nothing'}; ` +
    `${values.cases} random cases of each kernel, ${values.networks} random networks, seed ${values.seed}; a search step (Child and Parent) of ` +
    `${batch} images of ${size}x${size}, ${spec.cells} cells, ${spec.channels} channels.\n`,
)
console.log('| engine | available | kernels right | calls by networks right | largest error / bound | ms a step |')
console.log('| --- | --- | --- | --- | --- | --- |')
for (const engine of engines) {
  const { name, absent, kernels, calls, ms } = await measure(engine, runs)
  const cells = absent
    ? [`no: ${absent.replaceAll('|', '\\|')}`, '', '', '', '']
    : [
        'yes',
        `${kernels.passed} of ${kernels.all}`,
        `${calls.passed} of ${calls.all}`,
        `${Math.max(kernels.worst, calls.worst).toFixed(2)} (${(kernels.worst > calls.worst ? kernels : calls).where})`,
        ms.toFixed(1),
      ]
  console.log(`| \`${name}\` | ${cells.join(' | ')} |`)
}
process.exit()
