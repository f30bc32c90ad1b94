// Before the tests: a key is derived from the same passphrase and salt once a process. scrypt takes
// 128 MiB and half a second, and so long does PBKDF2 as Pulumi has it; a test whose commands run in
// this process asks for the same key with each of them. RSA keys, a fifth of a second each, come
// from a supply.
const crypto = require('node:crypto')
const { syncBuiltinESMExports } = require('node:module')
const { promisify } = require('node:util')

for (const name of ['scrypt', 'pbkdf2']) {
  const derive = crypto[name]
  const known = new Map()

  crypto[name] = (password, salt, ...rest) => {
    const done = rest.pop()
    const call = JSON.stringify([password, Buffer.from(salt).toString('base64'), ...rest])
    let derived = known.get(call)
    if (derived === undefined) {
      derived = new Promise((resolve, reject) =>
        derive(password, salt, ...rest, (error, key) => (error ? reject(error) : resolve(key))),
      )
      known.set(call, derived)
    }
    derived.then((key) => done(null, Buffer.from(key)), done)
  }
}

/** The number of keys that are given out in turn: no test makes so many and tells them apart. */
const supply = 24
const pairs = []
let drawn = 0
const { generateKeyPair, generateKeyPairSync } = crypto

/**
 * True for a usual RSA key as a key object. Whoever names the exponent too gets a key that nobody
 * else has.
 */
function isUsual(type, options) {
  return type === 'rsa' && JSON.stringify(options) === '{"modulusLength":2048}'
}

function pairInTurn() {
  const at = drawn++ % supply
  pairs[at] ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
  return pairs[at]
}

crypto.generateKeyPairSync = (type, options) =>
  isUsual(type, options) ? pairInTurn() : generateKeyPairSync(type, options)
crypto.generateKeyPair = (type, options, done) => {
  if (!isUsual(type, options)) return generateKeyPair(type, options, done)
  const { publicKey, privateKey } = pairInTurn()
  setImmediate(done, null, publicKey, privateKey)
  return undefined
}
crypto.generateKeyPair[promisify.custom] = async (type, options) =>
  isUsual(type, options) ? pairInTurn() : promisify(generateKeyPair)(type, options)
syncBuiltinESMExports()
