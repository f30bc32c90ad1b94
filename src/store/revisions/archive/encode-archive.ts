import { brotliCompressSync, constants } from 'node:zlib'
import { digestOf } from '../revision-file.ts'
import { archiveMagic, mostText, type PartName, partNames, source } from './archive-format.ts'
import { tokenMark, tokenOf, tokenPattern } from './token.ts'

/**
 * Packs records, such as the files of consecutive revisions, byte for byte. The same records come
 * to the same bytes, given the same compressor.
 */
export function encodeArchive(records: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer()
  for (const record of records) writer.add(record)
  const parts = partNames.map((name) => writer.part(name))
  const packed = parts.map(compress)
  const sizes = packed.map((bytes, index) => `${bytes.length}/${parts[index]?.length}`)
  const head = `${archiveMagic} ${records.length} ${sizes.join(' ')}\n`
  return Buffer.concat([Buffer.from(head), ...packed])
}

/** Divides records into groups that each fit into one archive, in their order. */
export function groupsOf<R extends { readonly bytes: Uint8Array }>(records: readonly R[]): R[][] {
  const groups: R[][] = []
  let room = 0
  for (const record of records) {
    if (record.bytes.length > room) {
      groups.push([])
      room = mostText
    }
    groups.at(-1)?.push(record)
    room -= record.bytes.length
  }
  return groups
}

/** The window is as large as the bytes, up to 16 MiB: a record finds the one before it there. */
function compress(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 9,
      [constants.BROTLI_PARAM_LGWIN]: Math.min(24, Math.max(10, Math.ceil(Math.log2(bytes.length + 16)))),
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}

class Writer {
  readonly #numbers = { lengths: [] as number[], sources: [] as number[], shapes: [] as number[] }
  readonly #texts: string[] = []
  readonly #bytes: Uint8Array[] = []
  /** All tokens that were new, by their text. */
  readonly #all = new Map<string, number>()
  /** Tokens of the record before, by their text. */
  #before = new Map<string, number>()
  #digest = ''

  add(record: Uint8Array): void {
    const text = Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('latin1')
    const own = new Map<string, number>()
    let rest = ''
    let at = 0
    let index = 0
    for (const { 0: token, index: start } of text.matchAll(tokenPattern)) {
      if (!this.#token(token, index, own)) continue
      if (!own.has(token)) own.set(token, index)
      rest += text.slice(at, start) + tokenMark
      at = start + token.length
      index++
    }
    rest += text.slice(at)
    this.#texts.push(rest)
    this.#number('lengths', rest.length)
    this.#before = own
    this.#digest = digestOf(record).slice('sha256:'.length)
  }

  part(name: PartName): Uint8Array {
    if (name === 'texts') return Buffer.from(this.#texts.join(''), 'latin1')
    return name === 'bytes' ? Buffer.concat(this.#bytes) : Buffer.from(this.#numbers[name])
  }

  /** False when it is no token after all. */
  #token(text: string, index: number, own: ReadonlyMap<string, number>): boolean {
    const before = this.#before.get(text)
    const same = own.get(text)
    const any = this.#all.get(text)
    if (text === this.#digest) this.#number('sources', source.link)
    else if (same !== undefined) this.#number('sources', source.same, same)
    else if (before !== undefined) this.#number('sources', source.before, zigzag(before - index))
    else if (any !== undefined) this.#number('sources', source.any, any)
    else return this.#fresh(text)
    return true
  }

  #fresh(text: string): boolean {
    const token = tokenOf(text)
    if (token === undefined) return false
    this.#number('sources', source.fresh)
    this.#number('shapes', token.way, token.bytes.length)
    this.#bytes.push(token.bytes)
    this.#all.set(text, this.#all.size)
    return true
  }

  /** Seven bits a byte, the lowest first; the eighth says that more follow. */
  #number(part: 'lengths' | 'sources' | 'shapes', ...numbers: readonly number[]): void {
    for (const number of numbers) {
      let rest = number
      for (; rest > 127; rest >>>= 7) this.#numbers[part].push((rest & 127) | 128)
      this.#numbers[part].push(rest)
    }
  }
}

/** Small differences of either sign become small numbers. */
function zigzag(difference: number): number {
  return difference < 0 ? -2 * difference - 1 : 2 * difference
}
