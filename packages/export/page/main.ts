import { classify, createRunner, from, imageOf, type Picture, type Runner } from '@cpnas/packed'

const find = <E extends Element>(id: string, kind: abstract new () => E): E => {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`)
  return element
}

/** More classes than these are not shown. */
const shown = 5
/** Milliseconds between two pictures of the camera. */
const pause = 200
/** Pixels on a side that a picture is decoded to at most. */
const longest = 2048

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const contextOf = (canvas: HTMLCanvasElement): CanvasRenderingContext2D => {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('this browser cannot draw')
  return context
}

const canvas = document.createElement('canvas')

/** The pixels of a picture or of a frame of video, on white where it is transparent. */
const pixelsOf = (source: CanvasImageSource, width: number, height: number): Picture => {
  const scale = Math.min(1, longest / Math.max(width, height))
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const context = contextOf(canvas)
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

const file = from(Uint8Array.from(atob(find('model', HTMLScriptElement).text), letter => letter.charCodeAt(0)))
if (file._tag === 'Left') throw new Error(file.left.message)
const model = file.right
const { width, height, channels } = model.program.image

const drawSeen = (bytes: Uint8ClampedArray): void => {
  const seen = find('seen', HTMLCanvasElement)
  seen.width = width
  seen.height = height
  const image = new ImageData(width, height)
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 4; c++) image.data[4 * i + c] = c === 3 ? 255 : bytes[channels === 1 ? i : 3 * i + c]!
  contextOf(seen).putImageData(image, 0, 0)
}

const show = (runner: Runner, picture: Picture): void => {
  const bytes = imageOf(model, picture)
  const start = performance.now()
  const ranked = classify(runner, model.metadata, bytes)
  const milliseconds = performance.now() - start
  drawSeen(bytes)
  find('top', HTMLElement).textContent = ranked[0]!.label
  find('classes', HTMLTableSectionElement).replaceChildren(
    ...ranked.slice(0, shown).map(({ label, confidence }) => {
      const row = document.createElement('tr')
      const head = document.createElement('th')
      head.scope = 'row'
      head.textContent = label
      const share = document.createElement('td')
      share.style.setProperty('--share', String(confidence))
      share.textContent = percent(confidence)
      row.append(head, share)
      return row
    }),
  )
  find('time', HTMLElement).textContent = `, in ${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`
}

const say = (problem: string): void => {
  find('error', HTMLElement).textContent = problem
}

let camera: MediaStream | undefined
const stopCamera = (): void => {
  for (const track of camera?.getTracks() ?? []) track.stop()
  camera = undefined
  find('video', HTMLVideoElement).hidden = true
  find('camera', HTMLButtonElement).textContent = 'Use the camera'
}

const take = async (runner: Runner, blob: Blob): Promise<void> => {
  stopCamera()
  const preview = find('preview', HTMLImageElement)
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(blob)
  } catch {
    say(
      `${blob instanceof File ? blob.name : 'This'} is no picture that this browser can read. Choose a PNG, JPEG or WebP file.`,
    )
    return
  }
  say('')
  URL.revokeObjectURL(preview.src)
  preview.src = URL.createObjectURL(blob)
  preview.alt = blob instanceof File ? blob.name : 'the picture'
  preview.hidden = false
  find('hint', HTMLElement).hidden = true
  show(runner, pixelsOf(bitmap, bitmap.width, bitmap.height))
  bitmap.close()
}

const startCamera = async (runner: Runner): Promise<void> => {
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  } catch (error) {
    say(`The camera cannot be used (${(error as Error).message}).`)
    return
  }
  say('')
  const video = find('video', HTMLVideoElement)
  video.srcObject = camera
  await video.play()
  video.hidden = false
  find('preview', HTMLImageElement).hidden = true
  find('hint', HTMLElement).hidden = true
  find('camera', HTMLButtonElement).textContent = 'Stop the camera'
  const look = (): void => {
    if (camera === undefined) return
    show(runner, pixelsOf(video, video.videoWidth, video.videoHeight))
    setTimeout(look, pause)
  }
  look()
}

const begin = async (): Promise<void> => {
  find('size', HTMLElement).textContent = `${width}x${height} pixels${channels === 1 ? ', grey' : ''}`
  const runner = await createRunner(model)
  const takeFrom = (data: DataTransfer | null): void => {
    const found = data?.files[0]
    if (found !== undefined) void take(runner, found)
  }
  const stage = find('stage', HTMLElement)
  const mark = (over: boolean): void => void stage.classList.toggle('over', over)
  document.addEventListener('paste', event => takeFrom(event.clipboardData))
  document.addEventListener('dragover', event => {
    event.preventDefault()
    mark(true)
  })
  document.addEventListener('dragleave', event => {
    if (event.relatedTarget === null) mark(false)
  })
  document.addEventListener('drop', event => {
    event.preventDefault()
    mark(false)
    takeFrom(event.dataTransfer)
  })
  const input = find('file', HTMLInputElement)
  input.addEventListener('change', () => {
    const [chosen] = input.files ?? []
    // The same file can be chosen again.
    input.value = ''
    if (chosen !== undefined) void take(runner, chosen)
  })
  const button = find('camera', HTMLButtonElement)
  // Pages that are neither local nor served over HTTPS have none.
  button.hidden = navigator.mediaDevices === undefined
  button.addEventListener('click', () => (camera === undefined ? void startCamera(runner) : stopCamera()))
}

begin().catch((error: unknown) => say(`The network cannot be started here: ${(error as Error).message}.`))
