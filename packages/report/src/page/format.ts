/** 0.4567 to "45.67 %". */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`

/** A difference of shares in percentage points: 0.0123 to "+1.23 points". */
export const points = (difference: number): string =>
  `${difference < 0 ? '−' : '+'}${Math.abs(100 * difference).toFixed(2)} points`

/** At most five significant digits: 0.123456 to "0.12346", 1e-7 to "1e-7". */
export const decimal = (value: number): string => String(Number(value.toPrecision(5)))

/** 1234567 to "1,234,567". */
export const count = (value: number): string => value.toLocaleString('en-US')

/** 123456 to "123.5 kB", with 1 kB = 1000 bytes. */
export const kilobytes = (bytes: number): string =>
  `${(bytes / 1000).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} kB`

/** Seconds to hours, minutes and seconds: 4567 to "1:16:07". */
export const clock = (seconds: number): string => {
  const two = (n: number): string => String(Math.floor(n) % 60).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(seconds / 60)}:${two(seconds)}`
}

/** Bytes in the unit that memory is sold by: 25769803776 to "24.0 GiB". */
export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** The value formatted, or a dash if it is undefined. */
export const orDash = <A>(value: A | null | undefined, format: (value: A) => string): string =>
  value === null || value === undefined ? '–' : format(value)

/** "1 epoch", "2 epochs". */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

/** Mean; undefined of nothing. */
export const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length
