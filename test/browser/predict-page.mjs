import { load } from '@cpnas/packed'

const image = async url => {
  const element = new Image()
  element.src = url
  await element.decode()
  return element
}

const canvasOf = element => {
  const canvas = document.createElement('canvas')
  canvas.width = element.naturalWidth
  canvas.height = element.naturalHeight
  canvas.getContext('2d').drawImage(element, 0, 0)
  return canvas
}

/** What the page takes a picture for, in every form that it can have there; and what it says of an image that is not loaded. */
const predictions = async (model, picture) => {
  const { predict } = await load(model)
  const element = await image(picture)
  const canvas = canvasOf(element)
  const blob = await (await fetch(picture)).blob()
  const forms = {
    image: element,
    canvas,
    pixels: canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height),
    blob,
    bytes: await blob.arrayBuffer(),
    address: new URL(picture, location.href),
    bitmap: await createImageBitmap(blob),
    frame: new VideoFrame(canvas, { timestamp: 0 }),
  }
  const found = await Promise.all(Object.entries(forms).map(async ([name, form]) => [name, await predict(form)]))
  forms.frame.close()
  const error = await predict(new Image()).catch(error => error.message)
  return { found: Object.fromEntries(found), error }
}

Object.assign(globalThis, { predictions })
