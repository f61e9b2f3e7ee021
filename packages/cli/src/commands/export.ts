import { join, parse, resolve } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { isDirectory, writeFileAtomic } from '@cpnas/core/files'
import { type FoundModel, packedExtension, readInitialWeights, readModelOf } from '@cpnas/experiments'
import { floatParts, type PackOptions, pack, toOnnx } from '@cpnas/export'
import { encodeSafetensors, summarize } from '@cpnas/model'
import { encode, from } from '@cpnas/packed'
import { parameterShapes } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { shellWord, thousands } from '../report/amounts.js'
import { layOut } from '../report/layout.js'
import { floatPartLines } from '../report/packed-words.js'
import { textOption, wordOption } from '../values.js'
import { whichOf, whichOptions } from '../which.js'
import { summaries } from './summaries.js'

const formats = ['packed', 'onnx', 'safetensors'] as const
type Format = (typeof formats)[number]

const options = {
  format: wordOption(formats, {
    placeholder: formats.join('|'),
    description: 'packed: bits for the XNOR engine; onnx: float operators; safetensors: the latent weights',
    default: 'packed',
  }),
  ...whichOptions,
  licence: textOption({
    placeholder: 'text',
    description: 'licence to record in a packed or an ONNX file',
    default: 'none',
  }),
  out: textOption({ placeholder: 'file', description: 'the file to write', default: 'beside the model' }),
  json: { kind: 'flag', description: 'print a JSON record' },
} as const satisfies CommandOptions

type Given = Values<typeof options>

interface Exported {
  readonly bytes: Uint8Array
  /** Text for people, without the line about the file. */
  readonly words: string
  /** For programs. */
  readonly facts: Readonly<Record<string, unknown>>
}

const refused = (path: string, problem: string, remedy: string) => cpnasError('InvalidModel', path, problem, remedy)

const parentBytes = ({ spec, genotype, kind, image, ...facts }: Model): number =>
  summarize(spec, genotype, kind, image, facts).parent.bytes

const toPacked = (model: Model, path: string, options: PackOptions): E.Either<CpnasError, Exported> =>
  pipe(
    pack(model, options),
    E.mapLeft(problem => refused(path, problem, 'Write it as ONNX: --format onnx')),
    E.map(packed => {
      const bytes = encode(packed)
      // A file that could not be read back would be of no use to anybody.
      const back = from(bytes)
      if (back._tag === 'Left') throw new Error(back.left.message)
      const float = floatParts(packed)
      const parent = parentBytes(model)
      const compression = parent / bytes.length
      return {
        bytes,
        words: `Its Parent's file has ${thousands(parent)} bytes, ${compression.toFixed(1)} times as many.\n${floatPartLines(float)}`,
        facts: { parentBytes: parent, compression, float },
      }
    }),
  )

const toOnnxFile = (model: Model, licence: string | undefined): Exported => ({
  bytes: toOnnx(model, { licence }),
  words: 'Input "images": [batch, channels, height, width], normalized; output "scores": [batch, classes].',
  facts: {},
})

/** The latent weights of a training's last epoch. */
const toLatent = (directory: string, { model, run }: FoundModel): TE.TaskEither<CpnasError, Exported> => {
  const shapes = parameterShapes(model.spec, model.genotype, model.kind)
  return pipe(
    readInitialWeights(directory, model.kind === 'child' ? 'binary' : 'float', shapes),
    TE.map(({ tensors }) => ({
      bytes: encodeSafetensors(tensors, {
        format: 'cpnas-latent-weights',
        kind: model.kind,
        genotype: JSON.stringify(model.genotype),
        epochs: String(run?.training.epochs),
      }),
      words: `${Object.keys(tensors).length} tensors: latent weights of the last epoch, and what else is learned.`,
      facts: { tensors: Object.keys(tensors).length },
    })),
  )
}

/** The default path: beside the model, under a name that no training uses. */
const fileFor = (format: Format, model: string): string => {
  const { dir, name } = parse(model)
  const names: Readonly<Record<Format, string>> = {
    packed: `${name}${packedExtension}`,
    onnx: `${name}.onnx`,
    safetensors: 'latent.safetensors',
  }
  return join(dir, names[format])
}

const exported = (format: Format, path: string, directory: boolean, found: FoundModel, licence: string | undefined) => {
  if (format === 'onnx') return TE.right(toOnnxFile(found.model, licence))
  const source = directory ? resolve(path) : found.path
  if (format === 'packed') return TE.fromEither(toPacked(found.model, path, { source: parse(source).name, licence }))
  return directory
    ? toLatent(path, found)
    : TE.left(
        refused(
          path,
          'has no latent weights: a model file holds signs and scales',
          'Name the directory of the training',
        ),
      )
}

/** Latent weights are those of the last epoch, and their file says nothing of a licence. */
const checkLatent = (format: Format, { best, licence }: Given): E.Either<CpnasError, void> => {
  if (format !== 'safetensors') return E.right(undefined)
  if (best)
    return E.left(
      cpnasError(
        'InvalidOption',
        '--best',
        'does not go with --format safetensors: latent weights are kept of the last epoch only',
        'Leave it out',
      ),
    )
  return licence === undefined
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          '--licence',
          'does not go with --format safetensors, whose files do not record it',
          'Leave it out',
        ),
      )
}

/** What to do with a packed file. */
const next = (format: Format, file: string): readonly string[] =>
  format === 'packed' ? [`Next: cpnas page ${shellWord(file)}, or: cpnas predict ${shellWord(file)} PICTURE...`] : []

/** `cpnas export`: a trained network as a file for others to run. */
export const exportCommand = command({
  name: 'export',
  summary: summaries.export,
  details: `The argument is a model file or the directory of a finished training. A packed file (.cpnas) holds a Child as bits, with integer
thresholds instead of normalizations wherever a sign follows. What stays in 32 bits is listed with the reason.`,
  argument: { name: 'file|run', description: 'a model file, or the directory of a training' },
  options,
  run: (given, io, path) => {
    const { format = 'packed' } = given
    return pipe(
      TE.fromEither(
        pipe(
          checkLatent(format, given),
          E.flatMap(() => whichOf(given)),
        ),
      ),
      TE.flatMap(which => readModelOf(path, which)),
      TE.bindTo('found'),
      TE.bind('directory', () => TE.fromTask(() => isDirectory(path))),
      TE.bind('result', ({ found, directory }) => exported(format, path, directory, found, given.licence)),
      TE.bind('file', ({ found }) => TE.right(given.out ?? fileFor(format, found.path))),
      TE.chainFirst(({ file, result }) => writeFileAtomic(file, result.bytes)),
      TE.map(({ file, result: { bytes, words, facts } }) => {
        io.out(
          given.json
            ? `${JSON.stringify({ file, format, bytes: bytes.length, ...facts })}\n`
            : layOut([`${file}: ${thousands(bytes.length)} bytes`, words, ...next(format, file)], io),
        )
        return { status: 'done' }
      }),
    )
  },
})
