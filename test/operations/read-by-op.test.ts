import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { readByOp } from '../../src/operations/session/read-by-op.ts'

const op = `#!/bin/sh
if [ "$OP_SERVICE_ACCOUNT_TOKEN" != ops_right ]; then
  echo "[ERROR] 2026/03/04 05:06:07 token $OP_SERVICE_ACCOUNT_TOKEN is invalid" >&2; exit 1
fi
if [ -n "$OP_CONNECT_TOKEN$OP_SESSION_x$ESC_PASSPHRASE" ]; then echo "too much is handed on" >&2; exit 2; fi
case "$*" in
  "read --no-newline -- op://shop/api/key") printf 'the key' ;;
  *) echo "[ERROR] 2026/03/04 05:06:07 could not read secret '$4': item not found" >&2; exit 1 ;;
esac
`

describe('readByOp()', function () {
  if (process.platform === 'win32') return
  this.timeout(20_000)
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-op-'))
    writeFileSync(join(folder, 'op'), op)
    chmodSync(join(folder, 'op'), 0o755)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const read = (ref: string, token = 'ops_right', PATH = `${folder}:/bin:/usr/bin`) =>
    readByOp(ref, {
      token,
      doing: `1password-secrets: reading ${ref}`,
      env: { PATH, OP_CONNECT_TOKEN: 'mine', OP_SESSION_x: 'mine', ESC_PASSPHRASE: 'mine' },
      signal: new AbortController().signal,
    })
  const failure = async (work: Promise<string>) => {
    const error = await work.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).to.be.instanceOf(EscError)
    return error as EscError
  }

  it('gives op the token of the definition, and nothing of the user’s own', async () => {
    expect(await read('op://shop/api/key')).to.equal('the key')
  })

  it('names what is missing in the words of op, and never the token', async () => {
    const missing = await failure(read('op://shop/api/kye'))
    expect(missing.message).to.equal(
      "1password-secrets: reading op://shop/api/kye failed: could not read secret 'op://shop/api/kye': item not found",
    )
    expect(missing.hint).to.include('service account')
    expect((await failure(read('op://shop/api/key', 'ops_wrong-token'))).message).to.include(
      'token [secret] is invalid',
    )
  })

  it('says what to install', async () => {
    const error = await failure(read('op://shop/api/key', 'ops_right', '/nowhere'))
    expect(error.message).to.include('op is not installed')
    expect(error.hint).to.include('install')
  })
})
