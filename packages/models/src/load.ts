import { from, type PackedModel } from '@cpnas/packed'
import { models } from './cards.js'

/** A network that there is not, or a file of one that cannot be read. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
}

/** Where the file of a network is. Throws a ModelError, which lists the names, for one that there is not. */
export const urlOf = (name: string): URL => {
  if (!models.some(card => card.name === name))
    throw new ModelError(
      `there is no network ${JSON.stringify(name)}; there are ${models.map(card => card.name).join(', ')}`,
    )
  return new URL(`../networks/${name}.cpnas`, import.meta.url)
}

const bytesOf = async (url: URL): Promise<Uint8Array> => {
  if (url.protocol === 'file:') return (await import('node:fs/promises')).readFile(url)
  const answer = await fetch(url)
  if (!answer.ok) throw new ModelError(`${url.href} cannot be fetched (${answer.status})`)
  return new Uint8Array(await answer.arrayBuffer())
}

/** A network by its name, e.g. `cifar10-small`: in Node from the package's files, in pages fetched from beside the module. Rejects with a ModelError. */
export const load = async (name: string): Promise<PackedModel> => {
  const file = from(await bytesOf(urlOf(name)))
  if (file._tag === 'Left') throw new ModelError(`${name}: ${file.left.message}`)
  return file.right
}
