// node make-model.mjs CHILD PARENT: what the page shows, in model/, from two finished runs of `cpnas train` on the same
// genotype and the embedded images. See README.md.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { embedded } from '@cpnas/data'
import { pack, toOnnx } from '@cpnas/export'
import { readModel } from '@cpnas/model'
import { encode } from '@cpnas/packed'

const [child, parent] = process.argv.slice(2)
if (parent === undefined) {
  process.stderr.write('usage: node make-model.mjs CHILD PARENT, two directories of finished trainings\n')
  process.exit(2)
}

/** The value, or an error that says why there is none. */
const right = either => {
  if (either._tag === 'Left') throw new Error(either.left.problem ?? either.left)
  return either.right
}
/** The best network of a run, which has to be of this kind. */
const bestOf = async (run, kind) => {
  const model = right(await readModel(join(run, 'best.safetensors'))())
  if (model.kind === kind) return model
  process.stderr.write(`${run}: is the training of a ${model.kind}, but of a ${kind} is needed\n`)
  process.exit(2)
}
const evaluationOf = run => JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8')).best

// Both are read before anything is written.
const [childModel, parentModel] = [await bestOf(child, 'child'), await bestOf(parent, 'parent')]
const out = name => join(import.meta.dirname, 'model', name)
mkdirSync(out('.'), { recursive: true })
const packed = encode(right(pack(childModel, { source: 'cpnas train' })))
writeFileSync(out('best.cpnas'), packed)
const onnx = toOnnx(parentModel)
writeFileSync(out('parent.onnx'), onnx)
for (const name of ['cells.svg', 'genotype.json']) copyFileSync(join(child, name), out(name))

// The first test image of every class: real ones, chosen by nobody.
const { test } = right(await embedded()())
const samples = test.classNames.map((label, index) => {
  const bytes = new Uint8Array(test.height * test.width * test.channels)
  test.read([test.labels.indexOf(index)], bytes)
  return { label, bytes: Buffer.from(bytes).toString('base64') }
})
const json = value => `${JSON.stringify(value, null, 2)}\n`
writeFileSync(out('samples.json'), json(samples))

const evaluation = evaluationOf(child)
writeFileSync(
  out('about.json'),
  json({
    testImages: evaluation.images,
    bits: { accuracy: evaluation.top1 },
    float: { accuracy: evaluationOf(parent).top1, bytes: onnx.length },
  }),
)
process.stdout.write(`best.cpnas ${packed.length} bytes, parent.onnx ${onnx.length} bytes\n`)
