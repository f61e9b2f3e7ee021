/** Bytes of the job record, and its fields as indices of 32-bit words: `Job` of assembly/index.ts, then one of our own. */
export const JOB_BYTES = 64
export const JOB_SEQUENCE = 0
export const JOB_NEXT = 1
export const JOB_DONE = 2
export const JOB_KERNEL = 3
export const JOB_ARGUMENTS = 4
export const JOB_CHUNKS = 5
export const JOB_SCRATCH = 6
export const JOB_SCRATCH_BYTES = 7
/** 1 once a worker's kernel has trapped. */
export const JOB_FAILED = 8
