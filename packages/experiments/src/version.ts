import { versionOf } from '@cpnas/core/files'

/** Of cpnas, for journals: its packages have the same one. */
export const version = versionOf(import.meta.url)
