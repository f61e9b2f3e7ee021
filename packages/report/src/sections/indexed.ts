/** Runs with their place among all runs of the report. */
export type Indexed<R> = readonly { readonly run: R; readonly index: number }[]
