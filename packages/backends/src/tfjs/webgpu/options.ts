/** What programs are made for. Defaults are by the device. */
export interface WebgpuOptions {
  /** How many buffers a program may bind, its result included. Default: as many as the device allows. */
  readonly bindings?: number
  /**
   * How many reads of memory an invocation asks for at once. Default: as many as there are, so that a GPU waits for memory
   * once; 1 on a software adapter, which compiles long shaders for seconds and does not wait.
   */
  readonly reads?: number
}
