import about from '../model/about.json'
import { find, setText } from './dom.js'
import { bytes, milliseconds, percent, times, whole } from './format.js'
import { type Frame, time } from './timing.js'

/** What is known without a measurement: sizes and accuracies. */
const showFacts = (packedBytes: number): void => {
  setText('headline-size', bytes(packedBytes))
  setText('size-bits', bytes(packedBytes))
  setText('size-float', `float: ${bytes(about.float.bytes)}, ${times(about.float.bytes / packedBytes)} as large`)
  setText('accuracy-bits', percent(about.bits.accuracy))
  setText('accuracy-float', `float: ${percent(about.float.accuracy)}`)
  setText('float-script-size', bytes(__FLOAT_BYTES__))
  setText('test-images', whole(about.testImages))
}

const showTimes = (bits: number, float?: number): void => {
  setText('time-bits', milliseconds(bits))
  setText('rate-bits', whole(1000 / bits))
  if (float === undefined) return
  const factor = float / bits
  const ratio = factor >= 1 ? `${times(factor)} as long` : `${times(1 / factor)} as fast`
  setText('time-float', `float: ${milliseconds(float)}, ${ratio}`)
  setText('rate-float', `float: ${whole(1000 / float)}`)
}

/**
 * The figures of both networks: those known now, and times measured at once, on demand, and when the float network has been
 * loaded, on demand too. `loadFloat` gives what is to be timed of it.
 */
export const createComparison = async (
  packedBytes: number,
  bits: Frame,
  loadFloat: () => Promise<Frame>,
): Promise<void> => {
  const again = find('measure', HTMLButtonElement)
  const load = find('load-float', HTMLButtonElement)
  let float: Frame | undefined
  let busy = false

  const alone = async (work: () => Promise<void>): Promise<void> => {
    if (busy) return
    busy = true
    // Disabled for good, a button would lose the focus.
    for (const button of [again, load]) button.setAttribute('aria-disabled', 'true')
    try {
      await work()
    } finally {
      busy = false
      for (const button of [again, load]) button.removeAttribute('aria-disabled')
    }
  }
  const measure = async (): Promise<void> => {
    const [ofBits, ofFloat] = await time(float ? [bits, float] : [bits])
    showTimes(ofBits!, ofFloat)
  }
  const begin = async (): Promise<void> => {
    setText('float-status', 'Starting ONNX Runtime…')
    try {
      float = await loadFloat()
    } catch (error) {
      setText('float-status', (error as Error).message)
      return
    }
    setText('float-status', 'The float network answers in a column of its own. Measuring…')
    await measure()
    again.focus()
    load.hidden = true
    setText('float-status', 'The float network answers in a column of its own.')
  }
  again.addEventListener('click', () => void alone(measure))
  load.addEventListener('click', () => void alone(begin))

  showFacts(packedBytes)
  await alone(measure)
}
