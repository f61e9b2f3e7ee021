/** What each command does, in a line: for the help text of all of them, which loads none. */
export const summaries = {
  create: 'Make a network that recognizes your pictures, and a page with it: search, training, export in one',
  search: 'Search the cells of a 1-bit network on images',
  train: 'Train the network of a genotype: the 1-bit Child, or its Parent in full precision',
  ablate: 'Compare values of hyper-parameters over several seeds: searches, trainings, a table and a plot',
  eval: 'Say how well a trained network does on images: accuracy, classes, confusions, calibration',
  predict: 'Classify pictures with a trained network',
  summary: 'Say what a network weighs, layer by layer, to the byte, and what stays in 32 bits and why',
  export: 'Write a trained network as a packed file for the XNOR engine, as ONNX, or its latent weights',
  bench: 'Time a packed network on this machine, and say where its time goes',
  page: 'Write a trained network as a page that recognizes pictures, offline',
  report: 'Show runs as one HTML page, or write them as TensorBoard events',
  watch: 'Serve the report of a run live, while it goes on',
  show: 'Check a genotype file, print its cells and its size as a network, draw it',
  backends: 'Say which engines work on this machine and how fast, and which not and why',
  data: 'Get and check data sets (cifar10, cifar100, mnist, fashion-mnist, image-folder)',
  completion: 'Print a script that completes commands and options in bash, zsh or fish',
} as const
