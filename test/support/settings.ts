/** A search of a second: two operations, two architectures. */
export const tiny: readonly string[] = [
  ...['--operations', 'skip_connect,avg_pool_3x3', '--cells', '3', '--channels', '1', '--warmup-epochs', '0'],
  ...['--share', '0.005', '--batch-size', '8', '--threads', '1', '--backend', 'wasm'],
]

/** A search of some seconds with everything in it: a warm-up, three operations, two rounds, augmentation. */
export const small: readonly string[] = [
  ...['--operations', 'none,skip_connect,sep_conv_3x3', '--cells', '3', '--channels', '2'],
  ...['--share', '0.008', '--batch-size', '8', '--crop', '2', '--flip'],
  // Whatever GPU the machine has.
  ...['--threads', '1', '--backend', 'wasm'],
]
