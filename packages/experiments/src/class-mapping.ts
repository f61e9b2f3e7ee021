import { type CpnasError, cpnasError } from '@cpnas/core'
import type { Dataset } from '@cpnas/data'
import type { Model } from '@cpnas/training'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** Which class of a model each class of the data is. */
export interface ClassMapping {
  readonly classes: readonly number[]
  /** Classes are matched by position and have other names. */
  readonly byPosition: boolean
}

const sizeText = ({ height, width, channels }: Model['image']): string => `${height}x${width}x${channels}`

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, k) => name === b[k])

/** In one Unicode form: the same name may be written in several. */
const normalized = (names: readonly string[]): readonly string[] => names.map(name => name.normalize('NFC'))

/**
 * Matches the classes of the data to those of the model: by name or, with `byOrder`, by position. InvalidData: images of another size, or
 * classes that the model does not know.
 */
export const mapClasses = (
  { image, classNames }: Pick<Model, 'image' | 'classNames'>,
  data: Pick<Dataset, 'height' | 'width' | 'channels' | 'classNames'>,
  where: string,
  byOrder = false,
): Either<CpnasError, ClassMapping> => {
  if (sizeText(image) !== sizeText(data))
    return left(
      cpnasError(
        'InvalidData',
        where,
        `has images of ${sizeText(data)}, the model was trained with ${sizeText(image)}`,
        'Name the directory of such images with `data`',
      ),
    )
  const [wanted, found] = [normalized(classNames), normalized(data.classNames)]
  const positions = found.map((_, k) => k)
  if (sameNames(wanted, found)) return right({ classes: positions, byPosition: false })
  const asMany = found.length === wanted.length
  if (byOrder)
    return asMany
      ? right({ classes: positions, byPosition: true })
      : left(
          cpnasError(
            'InvalidOption',
            'classesByOrder',
            `the data have ${found.length} classes, the model ${wanted.length}`,
            'Name data with as many classes, or leave it out to go by their names',
          ),
        )
  const known = new Map(wanted.map((name, k) => [name, k]))
  const stranger = found.find(name => !known.has(name))
  if (known.size === wanted.length && stranger === undefined)
    return right({ classes: found.map(name => known.get(name)!), byPosition: false })
  const problem =
    stranger === undefined
      ? 'the model gives two of its classes one name'
      : `has the class ${JSON.stringify(stranger)}, which the model does not know`
  return left(
    cpnasError(
      'InvalidData',
      where,
      `${problem} (${found.length} classes; the model's are ${wanted.slice(0, 5).join(', ')}${wanted.length > 5 ? ', ...' : ''})`,
      `Name data of the model's classes with \`data\`${asMany ? ', or take the classes in their order with `classesByOrder`' : ''}`,
    ),
  )
}
