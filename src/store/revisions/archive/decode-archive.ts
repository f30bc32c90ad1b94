import { brotliDecompressSync } from 'node:zlib'
import { EscError } from '../../../errors.ts'
import { present } from '../../../present.ts'
import { restoreHint } from '../../environment-context.ts'
import { digestOf } from '../revision-file.ts'
import { archiveMagic, mostText, type PartName, partNames, source } from './archive-format.ts'
import { tokenMark, tokenText } from './token.ts'

/**
 * The records of an archive, in their order, byte for byte.
 * @throws EscError `store_damaged`, naming the file; also `invalid_input` for a later format.
 */
export function decodeArchive(bytes: Uint8Array, file: string): Buffer[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headEnd = buffer.subarray(0, 200).indexOf('\n')
  const [magic = '', count = '', ...sizes] = buffer.toString('latin1', 0, Math.max(headEnd, 0)).split(' ')
  if (magic !== archiveMagic && /^esc-archive-v\d+$/.test(magic)) {
    const hint = 'install a newer esc'
    throw new EscError('invalid_input', `${file} has the format ${magic}; this esc knows ${archiveMagic}`, { hint })
  }
  try {
    if (magic !== archiveMagic || sizes.length !== partNames.length) throw new Malformed()
    const reader = new Reader(partsIn(buffer.subarray(headEnd + 1), sizes))
    const records = Array.from({ length: wholeNumber(count) }, () => reader.next())
    if (!reader.isAtEnd) throw new Malformed()
    return records
  } catch (error) {
    const code = (error as { code?: unknown }).code
    // What zlib cannot read has a code of zlib's.
    if (!(error instanceof Malformed) && !/^(?:ERR_|Z_)/.test(String(code))) throw error
    throw new EscError('store_damaged', `${file} is not an archive as it was written`, {
      hint: restoreHint,
      cause: error,
    })
  }
}

class Malformed extends Error {}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Malformed()
  return Number(text)
}

function partsIn(bytes: Buffer, sizes: readonly string[]): Record<PartName, Buffer> {
  let at = 0
  const parts = partNames.map((name, index) => {
    const [packed, plain] = present(sizes[index]).split('/').map(wholeNumber)
    if (packed === undefined || plain === undefined || plain > mostText) throw new Malformed()
    const part = brotliDecompressSync(bytes.subarray(at, at + packed), { maxOutputLength: Math.max(plain, 1) })
    at += packed
    if (part.length !== plain) throw new Malformed()
    return [name, part] as const
  })
  if (at !== bytes.length) throw new Malformed()
  return Object.fromEntries(parts) as Record<PartName, Buffer>
}

class Reader {
  readonly #parts: Record<PartName, Buffer>
  readonly #at = { lengths: 0, sources: 0, shapes: 0, texts: 0, bytes: 0 }
  readonly #all: string[] = []
  #before: readonly string[] = []
  #digest = ''
  #room = mostText

  constructor(parts: Record<PartName, Buffer>) {
    this.#parts = parts
  }

  get isAtEnd(): boolean {
    return partNames.every((name) => this.#at[name] === this.#parts[name].length)
  }

  next(): Buffer {
    const [first = '', ...others] = this.#take('texts', this.#number('lengths')).toString('latin1').split(tokenMark)
    const tokens: string[] = []
    const pieces = [first]
    for (const text of others) {
      const token = this.#token(tokens)
      tokens.push(token)
      pieces.push(token, text)
      this.#room -= token.length + text.length
      if (this.#room < 0) throw new Malformed()
    }
    const record = Buffer.from(pieces.join(''), 'latin1')
    this.#before = tokens
    this.#digest = digestOf(record).slice('sha256:'.length)
    return record
  }

  #token(own: readonly string[]): string {
    switch (this.#number('sources')) {
      case source.fresh: {
        const way = this.#number('shapes')
        const text = tokenText({ way, bytes: this.#take('bytes', this.#number('shapes')) })
        this.#all.push(found(text))
        return found(text)
      }
      case source.link:
        return this.#digest
      case source.same:
        return found(own[this.#number('sources')])
      case source.before: {
        const number = this.#number('sources')
        return found(this.#before[own.length + (number % 2 === 1 ? -(number + 1) / 2 : number / 2)])
      }
      case source.any:
        return found(this.#all[this.#number('sources')])
      default:
        throw new Malformed()
    }
  }

  #take(part: 'texts' | 'bytes', length: number): Buffer {
    const start = this.#at[part]
    this.#at[part] = start + length
    if (this.#at[part] > this.#parts[part].length) throw new Malformed()
    return this.#parts[part].subarray(start, start + length)
  }

  #number(part: 'lengths' | 'sources' | 'shapes'): number {
    let number = 0
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.#parts[part][this.#at[part]++]
      if (byte === undefined) break
      number += (byte & 127) * factor
      if (byte < 128) return number
    }
    throw new Malformed()
  }
}

function found(text: string | undefined): string {
  if (text === undefined) throw new Malformed()
  return text
}
