// Before the tests: a key is derived from the same passphrase and salt once a process. scrypt takes
// 128 MiB and half a second, and so long does PBKDF2 as Pulumi has it; a test whose commands run in
// this process asks for the same key with each of them. RSA keys, a fifth of a second each, come
// from a supply that processes and runs share.
const crypto = require('node:crypto')
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
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
const { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync } = crypto

/**
 * True for a usual RSA key as a key object. Whoever names the exponent too gets a key that nobody
 * else has.
 */
function isUsual(type, options) {
  return type === 'rsa' && JSON.stringify(options) === '{"modulusLength":2048}'
}

function pairInTurn() {
  const at = drawn++ % supply
  pairs[at] ??= keptPair(at)
  return pairs[at]
}

/** The key pair with this number, which the first process that needs it makes. */
function keptPair(at) {
  const user = process.getuid?.()
  const folder = join(tmpdir(), `esc-test-keys-${user ?? 'own'}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (user !== undefined && statSync(folder).uid !== user)
    throw new Error(`${folder} belongs to somebody else: remove it`)
  const file = join(folder, `${at}.pem`)
  let privateKey
  try {
    privateKey = createPrivateKey(readFileSync(file))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    const { privateKey: made } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    privateKey = made
    const draft = `${file}-${process.pid}`
    writeFileSync(draft, made.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    renameSync(draft, file)
  }
  return { privateKey, publicKey: createPublicKey(privateKey) }
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
