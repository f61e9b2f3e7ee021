import { inject } from 'vitest'
import { tinyTraining } from './settings.js'

/** Further options for as many training images as `tiny` and `tinyTraining` have, and far fewer to test: the test is most of such a training's time. */
export const fewToTest: readonly string[] = ['--data', inject('fewImages'), '--dataset', 'mnist', '--share', '1']

/** `tinyTraining` with few images to test. */
export const briefTraining: readonly string[] = [...tinyTraining, ...fewToTest]
