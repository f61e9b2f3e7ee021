/** What is timed: once through the network. */
export type Frame = () => unknown

const now = (): number => performance.now()

const repeat = async (frame: Frame, times: number): Promise<number> => {
  const start = now()
  for (let i = 0; i < times; i++) {
    const result = frame()
    if (result instanceof Promise) await result
  }
  return now() - start
}

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

/** Rounds without a better time after which code counts as compiled for good, and how long that may take in ms. */
const patience = { rounds: 10, most: 4000 }

/**
 * Warms a frame up: browsers compile quickly first and optimize what is run often. Returns how often to repeat it to take
 * `enough` milliseconds, which a browser's coarse clock can tell.
 */
const settle = async (frame: Frame, enough: number): Promise<number> => {
  const end = now() + patience.most
  let [times, best, idle] = [1, Number.POSITIVE_INFINITY, 0]
  while (idle < patience.rounds && now() < end) {
    const taken = await repeat(frame, times)
    const improves = taken / times < 0.95 * best
    if (improves) best = taken / times
    if (taken < enough) times *= 2
    else idle = improves ? 0 : idle + 1
    await pause()
  }
  return times
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/**
 * Milliseconds of every frame: the median of `groups` means over as many repeats as take `enough` milliseconds. The frames
 * take turns, so that what else the computer does meets them all; the page stays responsive in between.
 */
export const time = async (frames: readonly Frame[], groups = 9, enough = 10): Promise<readonly number[]> => {
  const repeats: number[] = []
  for (const frame of frames) repeats.push(await settle(frame, enough))
  const times = frames.map((): number[] => [])
  for (let group = 0; group < groups; group++)
    for (const [i, frame] of frames.entries()) {
      await pause()
      times[i]!.push((await repeat(frame, repeats[i]!)) / repeats[i]!)
    }
  return times.map(median)
}
