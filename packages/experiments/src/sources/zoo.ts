import { fileURLToPath } from 'node:url'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { urlOf } from '@cpnas/models'
import * as E from 'fp-ts/lib/Either.js'

const prefix = 'zoo:'

/** Whether it names a network of @cpnas/models: `zoo:NAME`. */
export const isInZoo = (path: string): boolean => path.startsWith(prefix)

/** How a network of @cpnas/models is named. */
export const zooName = (name: string): string => `${prefix}${name}`

/** The path of a file of @cpnas/models. InvalidModel lists the networks that there are. */
export const pathInZoo = (path: string, format: 'cpnas' | 'safetensors'): E.Either<CpnasError, string> =>
  E.tryCatch(
    () => fileURLToPath(urlOf(path.slice(prefix.length), format)),
    error => cpnasError('InvalidModel', path, (error as Error).message, 'Name one of these, or a file'),
  )
