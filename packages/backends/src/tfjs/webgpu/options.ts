/** What programs are made for. Defaults are by the device. */
export interface WebgpuOptions {
  /** How many buffers a program may bind, its result included. Default: as many as the device allows. */
  readonly bindings?: number
  /**
   * Whether shaders write short loops out, so that their reads of memory overlap. Default: yes, for a GPU waits for memory; no on
   * a software adapter, which does not wait and compiles long shaders for seconds.
   */
  readonly unrolled?: boolean
}
