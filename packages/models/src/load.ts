import { from, type PackedModel } from '@cpnas/packed'
import { type ModelCard, models } from './cards.js'

/** A network that there is not, or a file of one that cannot be read. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
}

/**
 * Where the file of a network is: the packed one, or with `safetensors` the one that a training can begin with. Throws a ModelError, which lists
 * the names, for a file that there is not.
 */
export const urlOf = (name: string, format: ModelCard['formats'][number] = 'cpnas'): URL => {
  const there = models.filter(({ formats }) => formats.includes(format)).map(card => card.name)
  if (!there.includes(name))
    throw new ModelError(
      `there is no network ${JSON.stringify(name)}${format === 'cpnas' ? '' : ' that a training can begin with'}; there are ${there.join(', ')}`,
    )
  return new URL(`../networks/${name}.${format}`, import.meta.url)
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
