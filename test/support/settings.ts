/** What makes a search of whichever strategy take a second: two operations, few images. */
export const brief: readonly string[] = [
  ...['--space', 'cp-nas', '--operations', 'skip_connect,avg_pool_3x3', '--cells', '3', '--channels', '1'],
  ...['--warmup-epochs', '0', '--share', '0.005', '--validation-share', '0.5', '--batch-size', '8'],
  ...['--threads', '1', '--backend', 'wasm'],
]

const cpNas = ['--strategy', 'cp-nas', '--epochs-per-sample', '1'] as const

/** A search of a second: two operations, two architectures. */
export const tiny: readonly string[] = [...cpNas, ...brief]

/** A search of some seconds with everything in it: a warm-up, three operations, two rounds, augmentation. */
export const small: readonly string[] = [
  ...cpNas,
  ...['--space', 'cp-nas', '--operations', 'none,skip_connect,sep_conv_3x3', '--cells', '3', '--channels', '2'],
  ...['--share', '0.008', '--validation-share', '0.5', '--batch-size', '8', '--crop', '2', '--flip'],
  // Whatever GPU the machine has.
  ...['--threads', '1', '--backend', 'wasm'],
]

/** A training of a second: the cells of `genotype`, two epochs of some steps, half of them to validate. */
export const tinyTraining: readonly string[] = [
  ...['--cells', '3', '--channels', '2', '--share', '0.008', '--validation-share', '0.5', '--batch-size', '8'],
  ...['--epochs', '2', '--threads', '1', '--backend', 'wasm'],
]

/** A training of some seconds with everything in it: augmentation, an auxiliary head, drop-path, averaged weights. */
export const smallTraining: readonly string[] = [
  ...tinyTraining,
  ...['--crop', '2', '--flip', '--cutout', '4', '--drop-path', '0.2', '--auxiliary-weight', '0.4'],
  ...['--ema-decay', '0.9', '--label-smoothing', '0.1', '--warmup-epochs', '0.5'],
]
