import { createPool, from } from '@cpnas/packed'

/** What the page computes: threads, and scores of images of one packed model. */
const poolScores = async (file: readonly number[], images: readonly number[], count: number, threads: number) => {
  const model = from(Uint8Array.from(file))
  if (model._tag === 'Left') throw new Error(model.left.message)
  const pool = await createPool(model.right, { threads })
  const scores = Array.from(await pool.scores(Float32Array.from(images), count))
  pool.close()
  return { threads: pool.threads, scores }
}

export type PoolScores = typeof poolScores

Object.assign(globalThis, { poolScores })
