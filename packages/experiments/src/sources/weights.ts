import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { formatShape, type Shape, type StoredTensors, sameShape } from '@cpnas/backends'
import { type CpnasError, cpnasError, namesText } from '@cpnas/core'
import { encodeSafetensors } from '@cpnas/model'
import { commonFiles, readCheckpoint, readFingerprint } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** Weights to begin with by name, and the hash of all of them. */
export interface InitialWeights {
  readonly tensors: StoredTensors
  readonly hash: string
}

/**
 * Name prefixes of the weights in a checkpoint, in order of preference. In a search: the wanted network's, those shared by both, the other
 * network's. In a training: the averaged ones, else the trained ones.
 */
const prefixes = (precision: 'binary' | 'float'): readonly string[] => {
  const owners = precision === 'binary' ? ['child', 'shared', 'parent'] : ['parent', 'shared', 'child']
  return [...owners.map(owner => `${owner}.parameters.`), 'average.', 'parameters.']
}

const parametersOf = (tensors: StoredTensors, precision: 'binary' | 'float'): StoredTensors => {
  const prefix = prefixes(precision).find(prefix => Object.keys(tensors).some(name => name.startsWith(prefix)))
  return prefix === undefined
    ? {}
    : Object.fromEntries(
        Object.entries(tensors).flatMap(([name, tensor]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
        ),
      )
}

/** Weights of the classifier, of no use for other classes. */
const isClassifier = (name: string): boolean => /^(head|auxiliary)\.(weights|bias)$/.test(name)

/** InvalidOption if a run tells apart other classes, and the weights for them are to be taken over. */
export const checkClasses = (directory: string, classNames: readonly string[]): TE.TaskEither<CpnasError, void> =>
  pipe(
    readFingerprint(directory),
    TE.flatMapEither(found => {
      const names = found?.classes.map(({ name }) => name)
      return names === undefined || JSON.stringify(names) === JSON.stringify(classNames)
        ? E.right(undefined)
        : E.left(
            cpnasError(
              'InvalidOption',
              'initFrom',
              `the run in ${directory} tells apart ${namesText(names)}; these data have the classes ${namesText(classNames)}`,
              'Add newClassifier to begin with random weights for the classes and take over all others',
            ),
          )
    }),
  )

/** Without the weights that depend on what the classes are. */
export const withoutClassifier = (shapes: Readonly<Record<string, Shape>>): Readonly<Record<string, Shape>> =>
  Object.fromEntries(Object.entries(shapes).filter(([name]) => !isClassifier(name)))

/**
 * The latent weights in the checkpoint of a search or a training that a network of these shapes has too. Error InvalidCheckpoint;
 * InvalidOption: the network has weights of other shapes, or none of these.
 */
export const readInitialWeights = (
  directory: string,
  precision: 'binary' | 'float',
  shapes: Readonly<Record<string, Shape>>,
): TE.TaskEither<CpnasError, InitialWeights> =>
  pipe(
    readCheckpoint(join(directory, commonFiles.checkpoint)),
    TE.flatMapEither(({ settings, tensors: all }): E.Either<CpnasError, InitialWeights> => {
      const found = parametersOf(all, precision)
      const tensors = Object.fromEntries(Object.entries(found).filter(([name]) => shapes[name] !== undefined))
      const wrong = Object.keys(tensors).find(name => !sameShape(tensors[name]!.shape, shapes[name]!))
      if (wrong !== undefined)
        return E.left(
          mismatch(
            `${directory} has ${wrong} of shape ${formatShape(tensors[wrong]!.shape)}, this network needs ${formatShape(shapes[wrong]!)}`,
            settings,
          ),
        )
      if (Object.keys(tensors).length === 0)
        return E.left(mismatch(`${directory} has no weights of this network`, settings))
      return E.right({ tensors, hash: createHash('sha256').update(encodeSafetensors(tensors)).digest('hex') })
    }),
  )

const mismatch = (problem: string, { cells, channels }: Readonly<Record<string, unknown>>): CpnasError =>
  cpnasError(
    'InvalidOption',
    'initFrom',
    problem,
    `Train a network like that of the run: \`cells ${cells}\` \`channels ${channels}\`, on images like those`,
  )
