declare module '*?base64' {
  export const base64: string
}

declare module '*?gzip' {
  export const base64: string
}

/** Size of the script of the float network. */
declare const __FLOAT_BYTES__: number
