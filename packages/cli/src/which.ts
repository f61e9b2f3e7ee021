import { type CpnasError, cpnasError } from '@cpnas/core'
import type { Which } from '@cpnas/experiments'
import * as E from 'fp-ts/lib/Either.js'
import type { CommandOptions, Values } from './command.js'

export const whichOptions = {
  best: { kind: 'flag', description: 'of a training: the network of its best epoch', default: 'yes' },
  last: { kind: 'flag', description: 'of a training: the network of its last epoch' },
} as const satisfies CommandOptions

/** Undefined if neither was given. */
export const whichOf = ({ best, last }: Values<typeof whichOptions>): E.Either<CpnasError, Which | undefined> =>
  best && last
    ? E.left(cpnasError('InvalidOption', 'last', 'does not go with `best`', 'Name one of them'))
    : E.right(last ? 'last' : best ? 'best' : undefined)
