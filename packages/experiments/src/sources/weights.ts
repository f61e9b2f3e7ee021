import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { formatShape, type Shape, type StoredTensors, sameShape } from '@cpnas/backends'
import { type CpnasError, cpnasError, namesText } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { encodeSafetensors, readModel } from '@cpnas/model'
import { commonFiles, readCheckpoint, readFingerprint } from '@cpnas/runs'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { isInZoo, pathInZoo } from './zoo.js'

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

/** The network that a training begins with, if that is a model file or one of @cpnas/models; undefined for a run. Error InvalidModel. */
export const readInitialModel = (source: string): TE.TaskEither<CpnasError, Model | undefined> =>
  isInZoo(source)
    ? pipe(TE.fromEither(pathInZoo(source, 'safetensors')), TE.flatMap(readModel))
    : pipe(
        TE.fromTask(() => isDirectory(source)),
        TE.flatMap(directory => (directory ? TE.right(undefined) : readModel(source))),
      )

/** InvalidOption if what a training begins with tells apart other classes, and the weights for them are to be taken over. */
export const checkClasses = (
  source: string,
  model: Model | undefined,
  classNames: readonly string[],
): TE.TaskEither<CpnasError, void> =>
  pipe(
    model === undefined
      ? pipe(
          readFingerprint(source),
          TE.map((found): readonly string[] | undefined => found?.classes.map(({ name }) => name)),
        )
      : TE.right<CpnasError, readonly string[] | undefined>(model.classNames),
    TE.flatMapEither(names =>
      names === undefined || JSON.stringify(names) === JSON.stringify(classNames)
        ? E.right(undefined)
        : E.left(
            cpnasError(
              'InvalidOption',
              'initFrom',
              `${model === undefined ? 'the run in ' : ''}${source} tells apart ${namesText(names)}; these data have the classes ${namesText(classNames)}`,
              'Add newClassifier to begin with random weights for the classes and take over all others',
            ),
          ),
    ),
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
    TE.flatMapEither(({ settings, tensors }) => fitting(directory, parametersOf(tensors, precision), settings, shapes)),
  )

/**
 * The parameters of a model that a network of these shapes has too; of 1-bit filters alpha * sign, from which latent weights begin. Errors as
 * `readInitialWeights`.
 */
export const initialWeightsOf = (
  source: string,
  { parameters, spec }: Model,
  shapes: Readonly<Record<string, Shape>>,
): E.Either<CpnasError, InitialWeights> => fitting(source, parameters, { ...spec }, shapes)

/** Those of the tensors that are of these shapes; InvalidOption if one of a name has another shape, or if there are none. */
const fitting = (
  source: string,
  found: StoredTensors,
  settings: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Shape>>,
): E.Either<CpnasError, InitialWeights> => {
  const tensors = Object.fromEntries(Object.entries(found).filter(([name]) => shapes[name] !== undefined))
  const wrong = Object.keys(tensors).find(name => !sameShape(tensors[name]!.shape, shapes[name]!))
  if (wrong !== undefined)
    return E.left(
      mismatch(
        `${source} has ${wrong} of shape ${formatShape(tensors[wrong]!.shape)}, this network needs ${formatShape(shapes[wrong]!)}`,
        settings,
      ),
    )
  if (Object.keys(tensors).length === 0) return E.left(mismatch(`${source} has no weights of this network`, settings))
  return E.right({ tensors, hash: createHash('sha256').update(encodeSafetensors(tensors)).digest('hex') })
}

const mismatch = (problem: string, { cells, channels }: Readonly<Record<string, unknown>>): CpnasError =>
  cpnasError(
    'InvalidOption',
    'initFrom',
    problem,
    `Train a network like that one: \`cells ${cells}\` \`channels ${channels}\`, on images like those`,
  )
