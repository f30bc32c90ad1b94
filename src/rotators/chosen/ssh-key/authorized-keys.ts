/** A key in an `authorized_keys` file (sshd(8)). */
export interface KeyLine {
  /** Such as `restrict,command="backup"`; empty where there are none. */
  readonly options: string
  readonly type: string
  readonly base64: string
  readonly comment: string
}

/** Texts are the bytes of a file as `latin1`, so that every line stays as it is, byte for byte. */
export type FileText = string

const types =
  /^(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp\d+|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(?:-cert-v01@openssh\.com)?$/

/** The key of a line. `undefined`: the line is empty, a comment, or nothing that sshd reads. */
export function keyIn(line: string): KeyLine | undefined {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return undefined
  const [first = '', ...others] = wordsOf(text)
  const [options, type = '', base64 = '', ...comment] = types.test(first) ? ['', first, ...others] : [first, ...others]
  if (!types.test(type) || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined
  return { options, type, base64, comment: comment.join(' ') }
}

/** Words between spaces; within quotes a space is none, and `\"` is no quote. */
function wordsOf(text: string): string[] {
  return text.match(/(?:"(?:\\"|[^"])*"|[^\s"])+|"/g) ?? []
}

/** All keys of a file, in their order. */
export function keysIn(file: FileText): readonly KeyLine[] {
  return file.split('\n').flatMap((line) => keyIn(line) ?? [])
}

/** The file with a key at its end, unless it has it. Other lines stay as they are. */
export function withKey(file: FileText, { publicKey, options }: { publicKey: string; options: string }): FileText {
  if (keysIn(file).some((key) => isKeyOf(key, publicKey))) return file
  const separator = file === '' || file.endsWith('\n') ? '' : '\n'
  return `${file}${separator}${options === '' ? '' : `${options} `}${publicKey} esc\n`
}

/** The file without these keys. Other lines stay as they are. */
export function withoutKeys(file: FileText, publicKeys: readonly string[]): FileText {
  const lines = file.split('\n')
  return lines
    .filter((line) => {
      const key = keyIn(line)
      return key === undefined || !publicKeys.some((each) => isKeyOf(key, each))
    })
    .join('\n')
}

/** True where a line is of this very key, whatever its options and comment. */
export function isKeyOf({ type, base64 }: KeyLine, publicKey: string): boolean {
  return publicKey === `${type} ${base64}`
}
