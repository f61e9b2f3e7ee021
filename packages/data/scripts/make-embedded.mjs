// make-embedded.mjs FROM: writes embedded/ from a directory with all of Fashion-MNIST, e.g. the one of Debian's package
// dataset-fashion-mnist: the first 1,000 training and 200 test images of every class, in their original order.
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'

const from = process.argv[2] ?? '/usr/share/datasets/fashion-mnist'
const to = new URL('../embedded/', import.meta.url)
const imageBytes = 28 * 28

const read = name => gunzipSync(readFileSync(`${from}/${name}.gz`))
const write = (name, ...parts) =>
  writeFileSync(new URL(`${name}.gz`, to), gzipSync(Buffer.concat(parts), { level: 9, memLevel: 9 }))

/** The header of `idx` with another number of elements. */
const header = (idx, bytes, count) => {
  const copy = Buffer.from(idx.subarray(0, bytes))
  copy.writeUInt32BE(count, 4)
  return copy
}

for (const { half, perClass } of [
  { half: 'train', perClass: 1000 },
  { half: 't10k', perClass: 200 },
]) {
  const images = read(`${half}-images-idx3-ubyte`)
  const labels = read(`${half}-labels-idx1-ubyte`)
  const seen = new Array(10).fill(0)
  const chosen = [...labels.subarray(8).keys()].filter(i => seen[labels[8 + i]]++ < perClass)
  const image = i => images.subarray(16 + i * imageBytes, 16 + (i + 1) * imageBytes)
  write(`${half}-images-idx3-ubyte`, header(images, 16, chosen.length), ...chosen.map(image))
  write(`${half}-labels-idx1-ubyte`, header(labels, 8, chosen.length), Buffer.from(chosen.map(i => labels[8 + i])))
}
