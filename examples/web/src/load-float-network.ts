import type { ImageSize } from '@cpnas/packed'
import type { FloatNetwork } from './float-network.js'

type Script = typeof import('./float-network.js')

/** A script element, since a page opened by a double click can neither fetch nor import. */
const loadScript = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = url
    script.onload = () => resolve()
    script.onerror = () => {
      script.remove()
      reject(new Error(`${url} cannot be loaded; it belongs beside index.html`))
    }
    document.head.append(script)
  })

export const loadFloatNetwork = async (image: ImageSize): Promise<FloatNetwork> => {
  await loadScript('float.js')
  const { floatNetwork } = globalThis as unknown as { readonly floatNetwork: Script }
  return floatNetwork.open(image)
}
