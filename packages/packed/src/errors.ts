/** The ways in which a file can be no packed model. */
export type FileErrorTag =
  | 'TooShort'
  | 'WrongMagic'
  | 'UnknownVersion'
  | 'Truncated'
  | 'TrailingBytes'
  | 'ChecksumMismatch'
  | 'Misaligned'
  | 'PaddingNotZero'
  | 'MetadataNotJson'
  | 'MetadataInvalid'
  | 'ClassesMismatch'
  | 'NormalizationMismatch'
  | 'RecordsTooShort'
  | 'RecordsLeftOver'
  | 'DataTooShort'
  | 'DataLeftOver'

/** The ways in which a program can be none, in a file or made by hand. */
export type ProgramErrorTag =
  | 'WrongImageSize'
  | 'UnknownStep'
  | 'UnknownTerm'
  | 'WrongInputs'
  | 'MissingValue'
  | 'WrongKind'
  | 'WrongSize'
  | 'WrongChannels'
  | 'WrongWindow'
  | 'WrongTensor'
  | 'NotFinite'
  | 'SignsLeftOver'
  | 'MisplacedClassifier'
  | 'NoClassifier'
  | 'TooLarge'

/** What is wrong with a packed model. */
export interface PackedError {
  readonly _tag: FileErrorTag | ProgramErrorTag
  /** What is wrong, where, and what would be right. */
  readonly message: string
}

/** A value of fp-ts's shape: `Left` says why there is none. */
export type Either<E, A> = { readonly _tag: 'Left'; readonly left: E } | { readonly _tag: 'Right'; readonly right: A }

/** Carries a PackedError to `attempt`; never thrown to callers. */
class Fault extends Error {
  readonly fault: PackedError
  constructor(fault: PackedError) {
    super(fault.message)
    this.fault = fault
  }
}

/** Ends the nearest `attempt`. */
export const fail = (tag: PackedError['_tag'], message: string): never => {
  throw new Fault({ _tag: tag, message })
}

/** The value of `f`, or what it failed with. */
export const attempt = <A>(f: () => A): Either<PackedError, A> => {
  try {
    return { _tag: 'Right', right: f() }
  } catch (error) {
    if (error instanceof Fault) return { _tag: 'Left', left: error.fault }
    throw error
  }
}

/** The value of `f`; RangeError, naming the caller, with what it failed with. */
export const demand = <A>(caller: string, f: () => A): A => {
  const result = attempt(f)
  if (result._tag === 'Left') throw new RangeError(`${caller}: ${result.left.message}`)
  return result.right
}
