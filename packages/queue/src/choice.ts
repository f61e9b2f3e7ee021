/** Which queue. */
export interface QueueChoice {
  /** Address of a Redis: `redis://[[USER]:PASSWORD@]HOST[:PORT][/NUMBER]` or `rediss://...`. */
  readonly address: string
  /** A directory that all machines share, for weights and files. Default: they are in Redis. */
  readonly blobs?: string | undefined
}
