import { classify, type ImageSize, normalize, softmax } from '@cpnas/packed'
import { createAnswer } from './answer.js'
import { describeCells } from './cells.js'
import { createComparison } from './comparison.js'
import { contextOf, find, setText } from './dom.js'
import { createEasel } from './easel.js'
import type { FloatNetwork } from './float-network.js'
import { imageData } from './image/pad.js'
import { enlarge } from './image/pixels.js'
import { loadFloatNetwork } from './load-float-network.js'
import { openNetwork } from './network.js'

const showSeen = (bytes: Uint8Array, image: ImageSize, words: string): void => {
  const canvas = find('seen', HTMLCanvasElement)
  const { width, height } = image
  Object.assign(canvas, { width, height })
  canvas.setAttribute('aria-label', `What the network sees: ${words}, at ${width} by ${height} pixels`)
  contextOf(canvas).putImageData(imageData(enlarge(bytes, image, 1)), 0, 0)
}

const start = async (): Promise<void> => {
  const { model, runner, bytes: packedBytes } = await openNetwork()
  const { metadata, program } = model
  const { image } = program
  const answer = createAnswer(metadata.classes)
  let float: FloatNetwork | undefined
  /** What the network sees. */
  let seen: Uint8Array
  const input = (): Float32Array => normalize(metadata, seen)

  const askFloat = async (): Promise<void> => {
    const asked = seen
    const scores = await float?.scores(input())
    if (scores && asked === seen) answer.showFloat([...softmax(scores)])
  }
  setText('seen-size', `${image.width} x ${image.height} pixels${image.channels === 1 ? ', grey' : ''}`)
  if (metadata.genotype) describeCells(metadata.genotype)
  createEasel(image, (bytes, words) => {
    seen = bytes
    showSeen(bytes, image, words)
    answer.show(classify(runner, metadata, bytes))
    void askFloat()
  })

  const { loop, relaxed } = runner.choice
  setText(
    'loop',
    `${loop === 'lookup' ? 'look-ups' : 'bit counts'} in WebAssembly${relaxed ? ' with relaxed SIMD' : ''}`,
  )
  const timed = input()
  await createComparison(
    packedBytes,
    () => runner.scores(timed),
    async () => {
      const opened = await loadFloatNetwork(image)
      float = opened
      await askFloat()
      return () => opened.scores(timed)
    },
  )
}

start().catch((error: unknown) => {
  setText('error', `The network cannot be started: ${error instanceof Error ? error.message : String(error)}`)
  throw error
})
