import { basename } from 'node:path'
import { models } from '@cpnas/models'
import type { Model } from '@cpnas/training'
import { zooName } from '../sources/zoo.js'
import type { CreationResult } from './result.js'

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** A network that it began with learned from images of others. */
const originOf = (initFrom: string | null): string => {
  if (initFrom === null) return 'cells found by a search'
  const known = models.find(({ name }) => zooName(name) === initFrom)
  return `begun with the weights of ${known === undefined ? basename(initFrom) : `${initFrom}, which learned from ${known.data.name}`}`
}

const numbers = (values: readonly number[]): string => `[${values.map(value => value.toFixed(4)).join(', ')}]`

/**
 * README.md of a folder with a network: a model card, with the fields that Hugging Face reads. The licence of the pictures is not known
 * and left to whoever publishes it.
 */
export const modelCard = (
  { title, initFrom }: { readonly title: string; readonly initFrom: string | null },
  { normalization, image }: Model,
  { accuracy, error, images, classes, bytes, milliseconds }: CreationResult,
  version: string,
): string => {
  const grey = image.channels === 1
  return `---
library_name: cpnas
pipeline_tag: image-classification
tags:
- binary-neural-network
- 1-bit
- onnx
---

# ${title}

A 1-bit convolutional network of ${(bytes / 1000).toFixed(1)} kB that tells apart ${classes.length} classes: ${classes.join(', ')}.

| | |
|---|---|
| accuracy on ${images} test pictures | ${percent(accuracy)} ± ${percent(error)} (standard error) |
| guessing | ${percent(1 / classes.length)} |
| file | \`model.cpnas\`, ${bytes.toLocaleString('en-US')} bytes |
| time | ${milliseconds.toFixed(2)} ms a picture on one thread of the machine that made it |
| pictures | seen in ${image.height}x${image.width} pixels |
| made by | \`cpnas create\`, version ${version}: ${originOf(initFrom)}, weights and activations of +1 and -1 |

Open \`index.html\` in a browser to try it; nothing leaves the machine. \`report.html\` shows how it was found and trained.

## Use

JavaScript, in Node or a browser:

\`\`\`js
import { load } from '@cpnas/packed'

const { predict } = await load('model.cpnas')
const [best] = await predict('picture.jpg') // in a page: a File, an image, a canvas, a video
console.log(best.label, best.confidence)
\`\`\`

Python, the same network in float operators, of a square picture (of others cut out the square in the middle first, as \`predict\` does):

\`\`\`python
import numpy, onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession('model.onnx')
picture = Image.open('picture.jpg').convert('${grey ? 'L' : 'RGB'}').resize((${image.width}, ${image.height}), Image.BILINEAR)
pixels = (numpy.asarray(picture, numpy.float32)${grey ? '[..., None]' : ''} / 255 - ${numbers(normalization.mean)}) / ${numbers(normalization.std)}
scores = session.run(None, {'images': pixels.transpose(2, 0, 1)[None].astype(numpy.float32)})[0][0]
print(${JSON.stringify(classes)}[scores.argmax()])
\`\`\`

## Limits

It knows these classes only, and takes every picture for one of them. Its accuracy holds for pictures like those that it learned from.
`
}
