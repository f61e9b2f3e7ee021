const number = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

export const times = (factor: number): string => `${number(factor, factor >= 9.95 ? 0 : 1)} times`

export const percent = (share: number): string => `${number(share * 100, 1)} %`

/** In kB of 1000 bytes, or MB. */
export const bytes = (count: number): string =>
  count >= 1e6 ? `${number(count / 1e6, 1)} MB` : `${number(count / 1e3, count >= 1e5 ? 0 : 1)} kB`

export const milliseconds = (value: number): string => `${number(value, value >= 9.95 ? 1 : 2)} ms`

export const whole = (value: number): string => number(value, 0)
