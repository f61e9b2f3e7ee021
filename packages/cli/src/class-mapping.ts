import { type CpnasError, cpnasError } from '@cpnas/backends'
import type { Dataset } from '@cpnas/data'
import type { Model } from '@cpnas/model'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** Which class of a model each class of the data is. */
export interface ClassMapping {
  readonly classes: readonly number[]
  /** They go by their positions, since they have other names. */
  readonly byPosition: boolean
}

const sizeText = ({ height, width, channels }: Model['image']): string => `${height}x${width}x${channels}`

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, k) => name === b[k])

/**
 * How the classes of the data are those of the model: by their names if the model knows all of them, else by their positions if
 * there are as many. InvalidData: images of another size, or other classes.
 */
export const mapClasses = (
  { image, classNames }: Pick<Model, 'image' | 'classNames'>,
  data: Pick<Dataset, 'height' | 'width' | 'channels' | 'classNames'>,
  where: string,
): Either<CpnasError, ClassMapping> => {
  if (sizeText(image) !== sizeText(data))
    return left(
      cpnasError(
        'InvalidData',
        where,
        `has images of ${sizeText(data)}, the model was trained with ${sizeText(image)}`,
        'Name the directory of such images with --data',
      ),
    )
  const positions = data.classNames.map((_, k) => k)
  if (sameNames(classNames, data.classNames)) return right({ classes: positions, byPosition: false })
  const known = new Map(classNames.map((name, k) => [name, k]))
  if (known.size === classNames.length && data.classNames.every(name => known.has(name)))
    return right({ classes: data.classNames.map(name => known.get(name)!), byPosition: false })
  if (data.classNames.length === classNames.length) return right({ classes: positions, byPosition: true })
  const stranger = data.classNames.find(name => !known.has(name))
  return left(
    cpnasError(
      'InvalidData',
      where,
      `has ${data.classNames.length} classes, of which the model with its ${classNames.length} does not know ${JSON.stringify(stranger)}`,
      'Name the directory of images of the same classes, or of as many, with --data',
    ),
  )
}
