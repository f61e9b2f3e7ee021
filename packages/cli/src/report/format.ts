/** 0.4567 to "45.7 %". */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`

/** Seconds in the two largest units: "1 h 05 min", "3 min 09 s", "12 s". */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  return h > 0 ? `${h} h ${two(min)} min` : min > 0 ? `${min} min ${two(s)} s` : `${s} s`
}

/** How much of the work was done at a point in time. */
export interface Mark {
  /** Milliseconds, on any clock. */
  readonly time: number
  readonly fraction: number
}

/** Seconds left at the speed since `start`; undefined until there is progress. */
export const secondsLeft = (start: Mark, now: Mark): number | undefined => {
  const done = now.fraction - start.fraction
  return done > 0 ? ((now.time - start.time) * (1 - now.fraction)) / done / 1000 : undefined
}
