/** What programs are compiled for. Defaults depend on the device. */
export interface WebgpuOptions {
  /** How many buffers a program may bind, its result included. Default: as many as the device allows. */
  readonly bindings?: number
  /**
   * Whether shaders unroll short loops, so that their reads of memory overlap. Default: yes, for a GPU waits for memory; no on a software
   * adapter, which does not wait and compiles long shaders for seconds.
   */
  readonly unrolled?: boolean
}
