import { encode, type PackedModel } from '@cpnas/packed'
import { template } from './template.generated.js'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replace(/[&<>"]/g, character => entities[character]!)

/** What a page says besides the classes. */
export interface PageOptions {
  /** Its heading. Default: "Picture classifier". */
  readonly title?: string
}

/**
 * A packed network as one self-contained HTML page that works offline, from a disk or any server: pictures are chosen, dropped, pasted or taken
 * by the camera, and seen as `imageOf` of @cpnas/packed shows them to the network. It sends and fetches nothing. The same model gives the
 * same page.
 */
export const renderPage = (model: PackedModel, { title = 'Picture classifier' }: PageOptions = {}): string => {
  const bytes = encode(model)
  const { classes } = model.metadata
  const names = classes.slice(0, 10).join(', ')
  const parts: Readonly<Record<string, string>> = {
    title: escaped(title),
    subtitle: escaped(
      `A 1-bit neural network of ${(bytes.length / 1000).toFixed(1)} kB tells apart ${classes.length} classes: ${names}${classes.length > 10 ? ', ...' : ''}.`,
    ),
    model: Buffer.from(bytes).toString('base64'),
  }
  return template.replace(/\{\{(title|subtitle|model)\}\}/g, (_, name: string) => parts[name]!)
}
