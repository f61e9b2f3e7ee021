const firstFile = (data: DataTransfer | null): File | undefined => [...(data?.files ?? [])][0]

/** Calls `take` with what is chosen, dropped anywhere on the page, or pasted; `target` shows where a drop would go. */
export const watchFiles = (input: HTMLInputElement, target: Element, take: (file: File) => void): void => {
  const takeFrom = (data: DataTransfer | null): void => {
    const file = firstFile(data)
    if (file) take(file)
  }
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    if (file) take(file)
    // The same file can be chosen again.
    input.value = ''
  })
  document.addEventListener('paste', event => takeFrom(event.clipboardData))
  const mark = (over: boolean): void => void target.classList.toggle('over', over)
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
}
