// Before the tests: a key is derived from the same passphrase and salt once a process. scrypt takes
// 128 MiB and half a second, and so long does PBKDF2 as Pulumi has it; a test whose commands run in
// this process asks for the same key with each of them.
const crypto = require('node:crypto')
const { syncBuiltinESMExports } = require('node:module')

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
syncBuiltinESMExports()
