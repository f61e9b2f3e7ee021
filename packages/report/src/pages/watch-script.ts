/**
 * The script of a live page: on a change it fetches the page and replaces its content. Open details, scroll positions and the focus are
 * kept, and the content at the top of the window stays there.
 */
export const watchScript = `const status = document.getElementById('live')
const say = text => { status.textContent = text }

const scrollers = () => [...document.querySelectorAll('main .scroll, nav')].map((box, i) => {
  const owner = box.closest('[id]')
  return [owner ? owner.id + '/' + [...owner.querySelectorAll('.scroll')].indexOf(box) : 'nav', box]
})

const focused = () => {
  const element = document.activeElement
  if (!element || element === document.body) return undefined
  if (element.tagName === 'SUMMARY') return '#' + element.parentElement.id + ' > summary'
  if (element.tagName === 'A') return 'nav a[href="' + element.getAttribute('href') + '"]'
  return scrollers().find(([, box]) => box === element)?.[0]
}

const anchor = () => [...document.querySelectorAll('main [id]')]
  .filter(element => element.getClientRects().length > 0 && element.getBoundingClientRect().top <= 80).at(-1)

const replace = next => {
  const open = [...document.querySelectorAll('details[open]')].map(({ id }) => id)
  const boxes = new Map(scrollers().map(([key, { scrollLeft, scrollTop }]) => [key, [scrollLeft, scrollTop]]))
  const focus = focused()
  const kept = anchor()
  const top = kept?.getBoundingClientRect().top
  for (const name of ['nav', 'main']) document.querySelector(name).replaceWith(next.querySelector(name))
  for (const id of open) document.getElementById(id)?.setAttribute('open', '')
  for (const [key, box] of scrollers()) [box.scrollLeft, box.scrollTop] = boxes.get(key) ?? [0, 0]
  const again = kept && document.getElementById(kept.id)
  if (again) scrollBy({ top: again.getBoundingClientRect().top - top, behavior: 'instant' })
  if (focus) (scrollers().find(([key]) => key === focus)?.[1] ?? document.querySelector(focus.includes('/') ? 'none' : focus))?.focus({ preventScroll: true })
}

let waiting = Promise.resolve()
const renew = async () => {
  try {
    const answer = await fetch('/')
    const text = await answer.text()
    if (!answer.ok) return say(text)
    replace(new DOMParser().parseFromString(text, 'text/html'))
    say('Follows the run while it goes on; last change at ' + new Date().toLocaleTimeString() + '.')
  } catch {
    say('The server is not reached; this is what was there last.')
  }
}
const events = new EventSource('/events')
events.onmessage = () => { waiting = waiting.then(renew) }
events.onerror = () => say('The server is not reached; this is what was there last.')
`
