import type { CpnasError } from './errors.js'

/** Why work ended early: it failed, or a signal stopped it. */
export type Interruption = CpnasError | 'stopped'
