/** The environment of a command: where its output goes and what stops it. */
export interface Io {
  /** Results, for people or (as JSON lines) for programs. */
  readonly out: (text: string) => void
  /** Progress, notes and errors. */
  readonly err: (text: string) => void
  /** The stream behind `err` where it is a terminal, on which a bar can be redrawn. */
  readonly terminal: (NodeJS.WritableStream & { readonly columns?: number }) | undefined
  /** Columns of `out` where it is a terminal. */
  readonly columns?: number | undefined
  /** Aborted when the user asks to stop; the reason is the exit code: 129 for SIGHUP, 130 for Ctrl-C, 143 for SIGTERM, 1 where the output fails. */
  readonly signal: AbortSignal
}

/** What a command ends with: the exit code of the process is 0, or that of the signal that stopped it. */
export type Outcome = { readonly status: 'done' } | { readonly status: 'stopped' }
