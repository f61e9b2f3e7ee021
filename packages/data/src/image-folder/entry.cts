// What the pool's threads load. Piscina loads it by `require`; were it a module, a thread that is ended while Node.js 20 is
// still loading it would take the process with it ("IsGraphAsync must be used on an instantiated module").
module.exports = { run: import('./worker.js').then(({ run }) => run) }
