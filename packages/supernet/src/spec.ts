import type { NetworkSpec, Space } from './space.js'
import { spaces } from './spaces/index.js'

/** The facts about the data that a network depends on. */
export interface DataFacts {
  /** Of the images. */
  readonly channels: number
  readonly classNames: readonly string[]
}

/** The network that a configuration asks for, on the images of a data set. Options that the configuration lacks take their defaults. */
export const specFor = (
  {
    space,
    cells,
    channels,
    sepConvRepeat,
    prelu,
    preprocessPrecision,
    estimator,
    scale,
  }: Required<
    Pick<
      NetworkSpec,
      'space' | 'cells' | 'channels' | 'sepConvRepeat' | 'prelu' | 'preprocessPrecision' | 'estimator' | 'scale'
    >
  >,
  data: DataFacts,
): NetworkSpec => ({
  space,
  cells,
  channels,
  inChannels: data.channels,
  classes: data.classNames.length,
  sepConvRepeat,
  prelu,
  preprocessPrecision,
  estimator,
  scale,
})

/** The spec with its defaults filled in. */
export const resolveSpec = ({
  space = 'cp-nas',
  sepConvRepeat = 1,
  prelu = false,
  preprocessPrecision = 'binary',
  estimator = 'clipped-identity',
  scale = 'channel',
  affine = false,
  stem = 'cifar',
  auxiliary = false,
  partialChannels = 1,
  ...size
}: NetworkSpec): Required<NetworkSpec> => ({
  ...size,
  space,
  sepConvRepeat,
  prelu,
  preprocessPrecision,
  estimator,
  scale,
  affine,
  stem,
  auxiliary,
  partialChannels,
})

/** The space of a network or of a configuration. RangeError for a name that is none of `spaces`. */
export const spaceOf = ({ space = 'cp-nas' }: { readonly space?: string | Space }): Space => {
  if (typeof space !== 'string') return space
  const found = spaces.find(({ name }) => name === space)
  if (found === undefined)
    throw new RangeError(`spaceOf: ${space} is none of the spaces ${spaces.map(({ name }) => name).join(', ')}`)
  return found
}
