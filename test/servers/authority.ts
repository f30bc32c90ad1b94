import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from './certificate.ts'

export interface Issue {
  /** Common name. */
  readonly name: string
  /**
   * As openssl writes them, such as `DNS:db.example.org,IP:127.0.0.1`. Absent: a certificate of a
   * client.
   */
  readonly names?: string
  /** Days from now until it runs out; negative: it has. */
  readonly days?: number
}

/** Not removed yet: a test that is cut short leaves its own here. */
const live = new Set<Authority>()
process.once('exit', () => {
  for (const authority of live) authority.remove()
})

/** An authority that issues certificates with openssl. Undefined where there is none. */
export class Authority {
  readonly #folder: string
  readonly certificate: string

  static create(): Authority | undefined {
    try {
      return new Authority()
    } catch {
      return undefined
    }
  }

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'esc-authority-'))
    live.add(this)
    this.#openssl(
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=Authority'.split(' '),
      ...'-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign'.split(' '),
      ...'-keyout ca.key -out ca.pem'.split(' '),
    )
    this.certificate = this.#read('ca.pem')
  }

  /** The file of the certificate, for other programs; until `remove`. */
  get file(): string {
    return join(this.#folder, 'ca.pem')
  }

  issue({ name, names, days = 1 }: Issue): Certificate {
    this.#openssl(
      ...'req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem'.split(' '),
      ...['-subj', `/CN=${name}`],
    )
    const usage = names === undefined ? 'clientAuth' : 'serverAuth'
    const extensions = [`extendedKeyUsage=${usage}`, ...(names === undefined ? [] : [`subjectAltName=${names}`])]
    writeFileSync(join(this.#folder, 'extensions'), extensions.join('\n'))
    this.#openssl(
      ...'x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extensions -out cert.pem'.split(
        ' ',
      ),
      ...['-days', String(days)],
    )
    return { key: this.#read('key.pem'), certificate: this.#read('cert.pem') }
  }

  /** The same key in other forms. */
  encrypted(key: string, passphrase: string, form: 'pkcs8' | 'traditional' = 'pkcs8'): string {
    writeFileSync(join(this.#folder, 'plain.pem'), key)
    const words = form === 'pkcs8' ? 'pkcs8 -topk8 -in plain.pem' : 'ec -aes128 -in plain.pem'
    this.#openssl(...words.split(' '), '-passout', `pass:${passphrase}`, '-out', 'encrypted.pem')
    return this.#read('encrypted.pem')
  }

  remove(): void {
    live.delete(this)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8')
  }

  #openssl(...words: readonly string[]): void {
    execFileSync('openssl', words, { cwd: this.#folder, stdio: 'ignore' })
  }
}
