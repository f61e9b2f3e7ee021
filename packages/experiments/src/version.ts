import { versionOf } from '@cpnas/core/version'

/** Of cpnas, for journals: its packages have the same one. */
export const version = versionOf(import.meta.url)
