import { versionOf } from '@cpnas/core/files'

export const version = versionOf(import.meta.url)
