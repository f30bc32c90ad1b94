// Before the tests: the same scrypt of the same passphrase and salt is computed once a process.
// Each takes 128 MiB and half a second, and a test whose commands run in this process asks for the
// same one with each of them.
const crypto = require('node:crypto')
const { syncBuiltinESMExports } = require('node:module')

const { scrypt } = crypto
const known = new Map()

crypto.scrypt = (password, salt, length, options, done) => {
  const name = JSON.stringify([password, Buffer.from(salt).toString('base64'), length, options])
  let derived = known.get(name)
  if (derived === undefined) {
    derived = new Promise((resolve, reject) =>
      scrypt(password, salt, length, options, (error, key) => (error ? reject(error) : resolve(key))),
    )
    known.set(name, derived)
  }
  derived.then((key) => done(null, Buffer.from(key)), done)
}
syncBuiltinESMExports()
