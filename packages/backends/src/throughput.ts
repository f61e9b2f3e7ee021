import type { Backend } from './backend.js'

/** Floating-point operations a second, in units of 10^9. */
export interface Throughput {
  readonly matMul: number
  readonly conv2d: number
}

/** Long enough to outweigh what one call and one read cost. */
const leastMilliseconds = 60
const mostMilliseconds = 500
const mostRepeats = 2 ** 10

/** Enlarges the work, then repeats it, until it takes long enough; the last run counts. */
const rate = async <T>(
  backend: Backend<T>,
  sizes: readonly number[],
  flops: (size: number) => number,
  prepare: (size: number) => readonly [T, T],
  multiply: (operands: readonly [T, T]) => T,
): Promise<number> => {
  const milliseconds = async (operands: readonly [T, T], repeats: number): Promise<number> => {
    const begun = performance.now()
    let result = multiply(operands)
    for (let i = 1; i < repeats; i++) {
      backend.dispose(result)
      result = multiply(operands)
    }
    // Engines may work on after a call; reading waits for them.
    const sum = backend.sum(result)
    await backend.read(sum)
    const taken = performance.now() - begun
    backend.dispose({ result, sum })
    return taken
  }
  let measured = 0
  for (const [i, size] of sizes.entries()) {
    const operands = prepare(size)
    // The first run compiles.
    await milliseconds(operands, 1)
    let repeats = 1
    let taken = await milliseconds(operands, repeats)
    const next = sizes[i + 1]
    const tooLong = next === undefined || (taken * flops(next)) / flops(size) > mostMilliseconds
    while (tooLong && taken < leastMilliseconds && repeats < mostRepeats) {
      repeats *= 2
      taken = await milliseconds(operands, repeats)
    }
    backend.dispose(operands)
    measured = (flops(size) * repeats) / (taken * 1e6)
    if (tooLong) break
  }
  return measured
}

/**
 * How fast an engine multiplies matrices ([n, n] by [n, n], n up to 1024) and convolves (3x3, 32 to 32 channels, 32x32, up to 64 images),
 * in about a second. A rough figure: a single run, on a machine that may be busy with other work.
 */
export const measureThroughput = async <T>(backend: Backend<T>): Promise<Throughput> => ({
  matMul: await rate(
    backend,
    [64, 128, 256, 512, 1024],
    n => 2 * n ** 3,
    n => [backend.full(0.5, [n, n]), backend.full(0.25, [n, n])],
    ([a, b]) => backend.matMul(a, b),
  ),
  conv2d: await rate(
    backend,
    [1, 4, 16, 64],
    images => 2 * images * 32 * 32 * 9 * 32 * 32,
    images => [backend.full(0.5, [images, 32, 32, 32]), backend.full(0.25, [3, 3, 32, 32])],
    ([x, filters]) => backend.conv2d(x, filters),
  ),
})
