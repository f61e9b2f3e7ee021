import type { CpnasError } from '@cpnas/backends'

/** Why work ended early: it failed, or a signal stopped it. */
export type Interruption = CpnasError | 'stopped'
